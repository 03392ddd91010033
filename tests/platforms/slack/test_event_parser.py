"""What an event of Slack says."""

from typing import Any

import pytest

from bot.platforms.slack.inbound.event_parser import read_event
from bot.platforms.slack.inbound.events import BotIdentity, MessagePosted

US = BotIdentity("T1", "UBOT", "BBOT")


def changed(text: str, edited: str, ts: str) -> dict[str, Any]:
    """A person's reply was edited; `ts` is the event's own time."""
    message = {"ts": "1700000000.000100", "thread_ts": "1699999999.000100", "user": "U1"}
    event = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "ts": ts,
        "message": {**message, "text": text, "edited": {"user": "U1", "ts": edited}},
        "previous_message": {**message, "text": "before"},
    }
    return {"event_id": f"Ev{ts}", "event": event}


def spoken(text: str, edited: str, ts: str) -> MessagePosted:
    happened = read_event(changed(text, edited, ts), US)
    assert isinstance(happened, MessagePosted)
    return happened


def test_two_edits_of_one_second_are_two_versions():
    first = spoken("one", "1700000060.000000", "1700000060.200100")
    second = spoken("two", "1700000060.000000", "1700000060.700100")

    assert first.edited_at is not None
    assert second.edited_at is not None
    assert first.edited_at < second.edited_at
    assert first.event_id != second.event_id


@pytest.mark.parametrize("ts", ["", "never", "1700000059.000100"])
def test_an_event_without_a_valid_timestamp_uses_edited_ts(ts: str):
    happened = spoken("one", "1700000060.000000", ts)

    assert happened.edited_at is not None
    assert happened.edited_at.timestamp() == 1700000060
