"""From Discord to the inbox: the gateway, interactions, backfill."""
