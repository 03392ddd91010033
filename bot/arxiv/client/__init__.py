"""arXiv: its feeds and its query service, asked politely and believed carefully."""
