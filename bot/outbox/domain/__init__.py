"""The state machine of a delivery, and rate limits: standard library only."""
