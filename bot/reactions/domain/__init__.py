"""Which reactions are positive."""
