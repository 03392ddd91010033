"""Documents as the two parts of a message, and its headers. Pure; all text is untrusted."""
