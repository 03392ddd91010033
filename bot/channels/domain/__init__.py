"""Schedules and subscriptions as values: standard library only."""
