-- What a review holds is posted whatever `since` of its subscription is, from now on. Until now it was not where
-- `since` had become later: such rows were left behind, and months of them would be posted now.
DELETE FROM held_entry
 WHERE NOT EXISTS (
           SELECT 1 FROM entry AS e JOIN subscription AS s ON e.date >= s.since
            WHERE e.id = held_entry.entry_id AND s.id = held_entry.subscription_id
       );
