"""arXiv: asked politely, believed carefully, and the ranking of its new papers."""
