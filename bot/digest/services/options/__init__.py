"""The options of a subscription: how people type them, what each value means, and what is refused."""
