"""Reviewing a digest: decisions of curators, their cards, and what a closed slot takes of both."""
