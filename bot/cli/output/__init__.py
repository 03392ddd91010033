"""How commands print: JSON for scripts, lines for people."""
