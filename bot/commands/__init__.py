"""Commands of the chat: each is dispatched to its use case."""
