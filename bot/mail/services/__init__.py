"""Asking an address, confirming, unsubscribing."""
