"""Decisions and values about addresses; standard library only."""
