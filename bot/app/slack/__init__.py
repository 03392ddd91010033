"""Slack in the composition root: its installations, organisations and workspaces."""
