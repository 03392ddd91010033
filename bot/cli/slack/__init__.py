"""The command `slack …` and the work behind it."""
