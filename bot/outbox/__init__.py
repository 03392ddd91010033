"""Every outbound message and its state: delivered exactly once, edited, removed."""
