-- Which slots have cards that do not show the outcome yet: asked every minute.

CREATE INDEX review_card_unsettled ON review_card (subscription_id, on_date) WHERE is_settled = false;
