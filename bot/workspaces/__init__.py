"""Slack workspaces that brought an app of their own: their tokens, encrypted."""
