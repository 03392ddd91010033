"""What strangers write: made well-formed, and never shown as what it is not."""
