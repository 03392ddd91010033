"""Help, as documents."""
