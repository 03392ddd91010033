"""SQL of workspaces."""
