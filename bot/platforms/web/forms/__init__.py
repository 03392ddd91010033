"""Forms as pages of the web chat."""
