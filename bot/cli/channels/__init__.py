"""The commands `channel …`: what an operator types, and the work behind it."""
