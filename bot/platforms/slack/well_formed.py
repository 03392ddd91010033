"""JSON from Slack with well-formed text only, whatever somebody typed or pasted into Slack."""

from typing import Any

from bot.core.domain import incoming_text


def well_formed(value: Any) -> Any:
    """The same JSON, each of its texts as `incoming_text.well_formed` makes it."""
    if isinstance(value, str):
        return incoming_text.well_formed(value)
    if isinstance(value, dict):
        return {name: well_formed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [well_formed(part) for part in value]
    return value
