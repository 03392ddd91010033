"""The tables of subscriptions, slots, preferences and linked channels."""
