"""Ranking, in a process of its own: `worker` talks to it, `taste` is what it does.

scikit-learn is the extra `rank`; nothing but the process itself ever imports it, so the bot
stays small and its event loop free.
"""
