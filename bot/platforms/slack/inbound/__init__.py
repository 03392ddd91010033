"""What Slack's requests say, and the backfill: events, commands and presses, for the inbox."""
