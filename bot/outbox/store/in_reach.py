"""The condition for rows of channels that a process posts to (`bot.outbox.domain.reach`)."""

# `rtrim(channel, …)` cuts everything behind the last slash off: the beginning of a workspace's channels.
IN_REACH = """
(rtrim(channel, replace(channel, '/', '')) IN (SELECT value FROM texts(:workspaces))
 OR EXISTS (SELECT 1 FROM texts(:platforms) AS p WHERE substr(channel, 1, length(p.value)) = p.value))
"""
"""With the parameters `Reach.beginnings`."""
