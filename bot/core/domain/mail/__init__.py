"""The values of e-mail: an address, and the server that takes messages."""
