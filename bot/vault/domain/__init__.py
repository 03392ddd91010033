"""Values and decisions of writing into a vault; standard library and other domains only."""
