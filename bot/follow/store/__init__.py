"""Tables of readers, follows and what readers were told."""
