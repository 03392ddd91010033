"""What people say in threads: kept, copied to linked channels, answered, forgotten."""
