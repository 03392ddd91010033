-- Tables and columns get the names that the code uses (issue 11, item 2).

ALTER TABLE channel_wish RENAME TO channel_preference;
ALTER TABLE linked_channel RENAME COLUMN circle TO link_group;
ALTER TABLE seen_event RENAME TO processed_event;
ALTER TABLE memo RENAME TO key_value;
ALTER TABLE arxiv_turn RENAME TO request_gate;
ALTER TABLE arxiv_taste RENAME TO ranking_model;
ALTER TABLE ranking_model RENAME COLUMN learnt_at TO trained_at;
ALTER TABLE arxiv_identity RENAME TO title_match;
ALTER TABLE arxiv_trouble RENAME TO failed_request;
ALTER TABLE reply RENAME COLUMN heard_at TO received_at;
ALTER TABLE delivery RENAME COLUMN vouched TO operator_confirmed;
