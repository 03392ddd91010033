-- Which slots have cards that do not show the outcome yet: asked every minute.

CREATE INDEX review_card_unsettled ON review_card (is_settled, subscription_id, on_date);
