"""The files of an import, found and read. Blocking: call it in a thread."""
