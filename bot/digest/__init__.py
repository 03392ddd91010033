"""The daily digest: chosen, planned, presented, corrected."""
