"""The arXiv client: feeds and query API over HTTP, rate limited and validated."""
