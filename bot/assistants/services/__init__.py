"""The tools that an assistant can call."""
