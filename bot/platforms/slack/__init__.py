"""Slack: a `Chat` over the Web API, spoken to through Socket Mode or signed HTTP requests."""
