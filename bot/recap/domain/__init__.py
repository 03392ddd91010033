"""What a recap counts and how it is presented."""
