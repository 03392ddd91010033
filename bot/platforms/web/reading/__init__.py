"""Pages on which the archive is searched, cited and drawn."""
