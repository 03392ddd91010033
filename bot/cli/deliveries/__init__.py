"""The commands `post` and `deliveries …`: what an operator types, and the work behind it."""
