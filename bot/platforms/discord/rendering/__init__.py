"""Documents as Discord messages. Pure."""
