"""Doctor, backup, metrics, supervision, and the demo."""
