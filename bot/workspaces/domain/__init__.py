"""Values of workspaces."""
