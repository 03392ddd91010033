"""Channels: subscriptions, schedules, slots, preferences, and which channels are linked."""
