"""Visitors: identity, names, limits, and the proxies that they come through."""
