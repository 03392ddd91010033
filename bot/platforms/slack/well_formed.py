"""Makes every text in a JSON value from Slack well-formed."""

from typing import Any

from bot.core.domain.untrusted import incoming_text


def well_formed(value: Any) -> Any:
    """The same value, with `incoming_text.well_formed` applied to each text."""
    if isinstance(value, str):
        return incoming_text.well_formed(value)
    if isinstance(value, dict):
        return {name: well_formed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [well_formed(part) for part in value]
    return value
