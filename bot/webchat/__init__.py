"""The web chat's own memory: what Slack and Discord keep on their servers, we keep here."""
