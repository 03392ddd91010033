"""E-mail: which addresses want the digest, who asked, and what was handed to the mail server."""
