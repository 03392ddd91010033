"""The words of an entry and of a look-up, as both search indexes know them."""
