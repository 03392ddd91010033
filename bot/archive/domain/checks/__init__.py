"""What a curator should know about notes that can be read: warnings that stop nothing."""
