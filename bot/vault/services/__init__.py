"""Use cases of the vault: watch it, write a note into it, commit what was written."""
