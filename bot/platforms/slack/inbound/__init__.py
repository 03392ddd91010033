"""From Slack to the inbox: connections, requests, events, backfill."""
