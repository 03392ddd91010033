"""Search: a query as SQL over the indexes."""
