"""Values and decisions of the form of a note; standard library and other domains only."""
