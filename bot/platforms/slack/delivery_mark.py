"""Marks a message with its delivery and part, so that it is found in the history.

The mark is in the message's metadata and, in case that is lost (by an import or another app's edit),
in the ids of its blocks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern
from bot.platforms.slack.rendering.text import Json

EVENT_TYPE = "paperbot_delivery"
_BLOCK_ID = late_pattern(r"(?P<key>[0-9a-zA-Z]{1,60})/(?P<part>\d{1,4})-(?P<parts>\d{1,4})\.[\w.]+")


@dataclass(frozen=True, slots=True)
class DeliveryMark:
    """Part `part` of `parts` messages of the delivery `key`; `part` counts from 1."""

    key: str
    part: int
    parts: int

    @property
    def metadata(self) -> Json:
        """The mark as message metadata."""
        payload = {"delivery": self.key, "part": self.part, "parts": self.parts}
        return {"event_type": EVENT_TYPE, "event_payload": payload}


def delivery_mark_of(message: Mapping[str, Any]) -> DeliveryMark | None:
    """The mark of a message; `None` if it belongs to no delivery."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    match payload:
        case {"delivery": str(key), "part": int(part), "parts": int(parts)}:
            return DeliveryMark(key, part, parts)
    for block in message.get("blocks") or ():
        found = _BLOCK_ID.fullmatch(str(block.get("block_id", "")))
        if found is not None:
            return DeliveryMark(found["key"], int(found["part"]), int(found["parts"]))
    return None


def delivery_parts(messages: Iterable[Mapping[str, Any]], key: str) -> dict[int, str]:
    """The timestamps of a delivery's parts among these messages, by part."""
    found: dict[int, str] = {}
    for message in messages:
        mark = delivery_mark_of(message)
        if mark is not None and mark.key == key:
            found.setdefault(mark.part, str(message["ts"]))
    return found
