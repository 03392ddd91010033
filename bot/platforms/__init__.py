"""Slack, Discord and the web: each implements the port, none knows another."""
