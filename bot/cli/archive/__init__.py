"""The commands on the archive: files, look-ups, checks, tags, assistants."""
