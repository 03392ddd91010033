"""Decisions as pure functions and values: standard library only, no async, no clock, no I/O."""
