"""Signing in with an account of a platform, and managing its channels from the web."""
