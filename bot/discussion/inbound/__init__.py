"""How platforms hand on what people say in threads, and read what they missed."""
