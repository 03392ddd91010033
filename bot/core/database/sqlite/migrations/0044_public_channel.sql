-- From when on what is said in a channel's threads is public (issue 18, item 1); NULL: nothing of it is.
ALTER TABLE channel_preference ADD COLUMN public_since TEXT;
