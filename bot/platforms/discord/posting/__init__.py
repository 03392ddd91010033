"""Posting, finding, editing and deleting messages in Discord."""
