"""What a feed says, and how it is written; pure."""
