"""Messages that wait: held ones, in quiet hours, after a restore, and those that wait no more."""
