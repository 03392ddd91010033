-- Slack's ids of people are unique within a workspace only (issue 14, item 3): a person's id is
-- slack:T0123/U0123. A channel is slack:T0123/C0123.

UPDATE reply
   SET author_id = substr(channel, 1, instr(channel, '/')) || substr(author_id, length('slack:') + 1)
 WHERE author_id LIKE 'slack:%' AND instr(author_id, '/') = 0 AND instr(channel, '/') > 0;
