"""Discord: the bot as a `Chat` there, through discord.py, which never leaves this package."""
