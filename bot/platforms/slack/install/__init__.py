"""Workspaces install the app of the settings themselves: “Add to Slack” (OAuth 2)."""
