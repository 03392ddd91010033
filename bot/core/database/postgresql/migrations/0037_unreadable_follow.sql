-- A follow whose query a version of the bot cannot read: its reader is told of it once (issue 16, item 1).

ALTER TABLE follow ADD COLUMN told_unreadable_on TEXT COLLATE "C"; -- the local date of that message
