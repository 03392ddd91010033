"""The web chat, the pages of the archive, and the bot's one web server."""
