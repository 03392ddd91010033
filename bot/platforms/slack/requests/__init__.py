"""How Slack's requests arrive: over Socket Mode or signed HTTP, limited, and acknowledged in time."""
