"""Planning digests, subscribing channels, editing what was posted."""
