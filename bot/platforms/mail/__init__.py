"""E-mail: the digest as messages to addresses that confirmed that they want it."""
