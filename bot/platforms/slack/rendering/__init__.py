"""Documents as Block Kit. Pure."""
