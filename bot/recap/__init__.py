"""Looking back on a week, month or year, in chat and on the web."""
