"""Questions in threads, copies of replies, and answers as documents: standard library only."""
