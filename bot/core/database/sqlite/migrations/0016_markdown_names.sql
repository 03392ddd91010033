-- Links find the note `x.markdown` as `x` (issue 12, item 23). Before, its name kept the suffix.

UPDATE entry SET name = trim(substr(name, 1, length(name) - length('.markdown')))
WHERE name LIKE '%.markdown';
UPDATE link SET name = trim(substr(name, 1, length(name) - length('.markdown')))
WHERE name LIKE '%.markdown';
