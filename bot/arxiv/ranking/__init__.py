"""Ranking, in a process of its own: `worker` talks to it, `model` is what it does.

scikit-learn is the extra `rank`. Only that process imports it, so that the bot stays small and its
event loop is not blocked.
"""
