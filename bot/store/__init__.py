"""The only SQL: one file a noun, rows become domain objects in the file that reads them."""
