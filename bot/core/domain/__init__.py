"""Values and decisions that every subject uses: standard library only."""
