"""Backups, and totals for metrics."""
