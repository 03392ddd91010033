"""What the operation of the bot decides, without the database or the clock."""
