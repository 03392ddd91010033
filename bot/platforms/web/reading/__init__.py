"""Pages on which the archive is searched and cited."""
