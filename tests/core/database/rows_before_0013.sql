-- A row in every table, as the version before migration 13 wrote them.
INSERT INTO paper VALUES (1, 'arxiv:2502.01456', '2502.01456', NULL, 'A Paper');
INSERT INTO paper VALUES (2, 'arxiv:2310.07831', '2310.07831', NULL, NULL);
INSERT INTO source VALUES (1, 'vault_note', '250204 A Paper.md', 'a paper', '/notes/250204 A Paper.md', 'hash', '2026-02-03T00:00:00.000000+00:00', NULL);
INSERT INTO entry VALUES (1, 3173967437987839, 1, 1, 0, 'a paper', '2025-02-04', 'A Paper', '["Jane Lee"]', 0, NULL, NULL, '[["en", ["A thought."]]]', '*A Paper* (Jane Lee)', '2026-02-03T00:00:00.000000+00:00', '2026-02-03T00:00:00.000000+00:00', NULL);
INSERT INTO tag VALUES (1, 'rl', 0);
INSERT INTO tag_alias VALUES ('RL', 1);
INSERT INTO entry_tag VALUES (1, 3173967437987839, 0, 'rl');
INSERT INTO reference VALUES (2, 3173967437987839, 0, 0);
INSERT INTO link VALUES (3173967437987839, 0, 'Another', 'another');
INSERT INTO search_text VALUES (3173967437987839, 'a paper', 'jane lee', '', 'a thought', 'rl');

UPDATE board_revision SET newest = 2;
INSERT INTO board_message (id, channel, root_id, author_id, author_name, by_bot, question, content, message_key, posted_at, revision)
VALUES (1, 'general', NULL, 'a1', 'Ada', 0, '', 'Hello', NULL, '2026-02-03T00:00:00.000000+00:00', 1);
INSERT INTO board_message (id, channel, root_id, author_id, author_name, by_bot, question, content, message_key, posted_at, revision)
VALUES (2, 'general', 1, 'b1', 'Bo', 0, '', 'Hello, too', NULL, '2026-02-03T00:00:00.000000+00:00', 2);

INSERT INTO subscription (id, channel, standing, at, zone, weekdays, languages, tags, layout, most, since, next_at, created_at, changed_at)
VALUES (1, 'slack:T1/C1', 'active', '09:00', 'Asia/Seoul', '0123456', 'ko,en', '', 'papers', 20, '2026-02-03', '2026-02-04T00:00:00.000000+00:00', '2026-02-01T00:00:00.000000+00:00', '2026-02-01T00:00:00.000000+00:00');
INSERT INTO slot VALUES (1, 1, '2026-02-03', 0, 'ko,en', 'papers', 0, '', '2026-02-03T00:00:00.000000+00:00');
INSERT INTO slot_entry VALUES (1, 1, 1, 0);
INSERT INTO changed_entry VALUES (1);
INSERT INTO ownership VALUES (1, 'someone', 'a machine', 42, '2026-02-03T00:00:30.000000+00:00');
INSERT INTO backup_mark VALUES ('2026-02-02T00:00:00.000000+00:00');
INSERT INTO seen_event VALUES ('slack:Ev1', '2026-02-03T00:00:00.000000+00:00');
INSERT INTO memo VALUES ('slack heard', '2026-02-03T00:00:00.000000+00:00');

INSERT INTO reply (id, channel, message_id, root_message, entry_id, author_id, author, text, said_at, heard_at)
VALUES (1, 'discord:1/2', 'm1', 'r1', 1, 'discord:1/7', 'Ada', 'A question?', '2026-02-03T00:00:00.000000+00:00', '2026-02-03T00:00:00.000000+00:00');
INSERT INTO reply_search (rowid, text) VALUES (1, 'a question');
INSERT INTO reply_reference VALUES (1, '2310.07831', 0, NULL);
INSERT INTO channel_wish VALUES ('slack:T1/C1', 1, 0);
INSERT INTO linked_channel VALUES ('slack:T1/C1', 1, '2026-02-01T00:00:00.000000+00:00');
INSERT INTO linked_channel VALUES ('discord:1/2', 1, '2026-02-01T00:00:00.000000+00:00');
INSERT INTO link_code VALUES ('hash', 'slack:T1/C1', '2026-02-03T01:00:00.000000+00:00');

-- The digest's root is posted, a copy and an answer wait in its thread, then another digest's root.
INSERT INTO delivery (id, key, channel, state, attempt, not_before, slot_id, part, entry_id, message_id, wanted, sending, shown, planned_at, sent_at, document)
VALUES (1, 'd1', 'slack:T1/C1', 'sent', 1, '2026-02-03T00:00:00.000000+00:00', 1, 'entry-1', 1, 'm10', 'h', 'h', 'h', '2026-02-03T00:00:00.000000+00:00', '2026-02-03T00:00:01.000000+00:00', :document);
INSERT INTO delivery (id, key, channel, state, not_before, root_id, reply_id, part, wanted, planned_at, document)
VALUES (2, 'd2', 'slack:T1/C1', 'planned', '2026-02-03T00:00:00.000000+00:00', 1, 1, 'copy', 'h', '2026-02-03T00:00:00.000000+00:00', :document);
INSERT INTO delivery (id, key, channel, state, not_before, root_id, caused_by, part, wanted, planned_at, document)
VALUES (3, 'd3', 'slack:T1/C1', 'planned', '2026-02-03T00:00:00.000000+00:00', 1, 'p1', 'answer', 'h', '2026-02-03T00:00:00.000000+00:00', :document);
INSERT INTO delivery (id, key, channel, state, not_before, part, wanted, planned_at, document)
VALUES (4, 'd4', 'slack:T1/C1', 'planned', '2026-02-03T00:00:00.000000+00:00', 'notice', 'h', '2026-02-03T00:00:00.000000+00:00', :document);
INSERT INTO delivery (id, key, channel, state, not_before, slot_id, part, wanted, planned_at, document)
VALUES (5, 'd5', 'slack:T1/C1', 'planned', '2026-02-03T00:00:00.000000+00:00', 1, 'head', 'h', '2026-02-03T00:00:00.000000+00:00', :document);

UPDATE arxiv_turn SET holder = 'someone/1', held_until = '2026-02-03T00:00:50.000000+00:00', requests = 7;
INSERT INTO arxiv_round VALUES (1, 'someone/1', '2026-02-03T00:00:30.000000+00:00');
INSERT INTO arxiv_wait VALUES ('feed:cs.LG', 1, '2026-02-03T00:00:30.000000+00:00', 'throttled');
INSERT INTO arxiv_refusal VALUES ('feed:cs.LG', 'throttled', 1, 'throttled', '2026-02-03T00:00:00.000000+00:00');
INSERT INTO arxiv_feed VALUES ('cs.LG', '2026-02-02', '2026-02-02', 0, '2026-02-03T00:00:00.000000+00:00', '2026-02-03T01:00:00.000000+00:00', NULL);
INSERT INTO arxiv_batch (category, day, items, is_cut) VALUES ('cs.LG', '2026-02-02', 3, 0);
INSERT INTO arxiv_listing VALUES ('cs.LG', '2602.00001', 1, 'new', '2026-02-02');
INSERT INTO feed_item VALUES ('2602.00001', 1, 'new', 'New', '["Ada"]', 'An abstract.', '["cs.LG"]', '2026-02-02', '2026-02-02');
INSERT INTO feed_item_judgement VALUES ('2602.00001', 0.5, '["reward"]', '[[1, 0.5]]', '2026-02-03T00:00:00.000000+00:00');
INSERT INTO arxiv_taste VALUES (1, '2026-02-03T00:00:00.000000+00:00', 12, 40);
INSERT INTO arxiv_record VALUES ('2502.01456', 1, 'A Paper', '["Jane Lee"]', 'An abstract.', '["cs.LG"]', '2025-02-03T00:00:00.000000+00:00', '2025-02-03T00:00:00.000000+00:00', NULL, NULL, NULL, 0);
INSERT INTO arxiv_asked VALUES ('2502.01456', '2026-02-03', 0, 0);
INSERT INTO arxiv_identity VALUES ('title:another paper', NULL, 0.4, 1, '2026-02-10');
INSERT INTO arxiv_trouble VALUES ('papers', '2502.99999', 1, 1, 0, 'refused');
INSERT INTO paper_event (id, number, kind, entry_id, noticed_at) VALUES (1, '2502.01456', 'cited', 1, '2026-02-03T00:00:00.000000+00:00');
