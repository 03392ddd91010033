"""The words of blocks as mrkdwn: of people's rich text and of apps' polls and cards.

Blocks are foreign JSON: unknown parts are skipped, and the depth is bounded.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.platforms.slack.inbound.mrkdwn import escape, link

_DEEPEST = 6


def block_text(blocks: Any) -> str:
    """The text of blocks: one line for each paragraph, row, option or row of buttons."""
    lines = [line for block in objects(blocks) for line in _lines(block, 0)]
    return "\n".join(line for line in lines if line.strip())


def emoji_of(blocks: Any) -> dict[str, str]:
    """The emoji characters in rich text, by the short names used in `text`."""
    found: dict[str, str] = {}
    for block in objects(blocks):
        for run in _runs(block, 0):
            character = _character(run)
            if character:
                tone = run.get("skin_tone")
                toned = f":skin-tone-{tone}:" if isinstance(tone, int) else ""
                found[f":{text_of(run, 'name')}:{toned}"] = character
    return found


def _lines(block: Mapping[str, Any], depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    match text_of(block, "type"):
        case "rich_text":
            yield _rich_text(block.get("elements"))
        case "actions":
            yield " · ".join(map(_label, objects(block.get("elements"))))
            for element in objects(block.get("elements")):
                yield from _options(element)
        case "image" | "video":
            yield _text(block.get("title")) or escape(text_of(block, "alt_text"))
        case "table":
            rows = block.get("rows")
            for row in rows if isinstance(rows, list) else ():
                yield " | ".join(_cell(cell, depth + 1) for cell in objects(row))
        case _:  # section, header, context, markdown, input and what Slack may add
            yield _text(block.get("text"))
            yield from map(_text, objects(block.get("fields")))
            for element in objects(block.get("elements")):
                yield _text(element) or escape(text_of(element, "alt_text"))
            yield _text(block.get("label"))
            yield from _options(_object(block.get("accessory")))
            yield from _options(_object(block.get("element")))


def _cell(cell: Mapping[str, Any], depth: int) -> str:
    return " ".join(_lines(cell, depth)) if "elements" in cell else _text(cell)


def _label(element: Mapping[str, Any]) -> str:
    return _text(element.get("text")) or _text(element.get("placeholder"))


def _options(element: Mapping[str, Any]) -> Iterator[str]:
    """The options of a select menu or of radio buttons."""
    for option in objects(element.get("options")):
        yield _text(option.get("text"))


def _text(value: Any) -> str:
    """The text of a text object, or of the plain string that some blocks have instead."""
    if isinstance(value, str):
        return escape(value)
    text = _object(value)
    said = text_of(text, "text")
    return said if text_of(text, "type") == "mrkdwn" else escape(said)


def _rich_text(elements: Any) -> str:
    parts: list[str] = []
    for part in objects(elements):
        runs = "".join(_run(run) for run in objects(part.get("elements")))
        match text_of(part, "type"):
            case "rich_text_list":
                parts += _rows(part)
            case "rich_text_quote":
                parts.append(quoted(runs))
            case "rich_text_preformatted":
                parts.append(f"```\n{runs}\n```")
            case _:
                parts.append(runs.rstrip("\n"))
    return "\n".join(parts)


def _rows(part: Mapping[str, Any]) -> Iterator[str]:
    indent = part.get("indent")
    space = "  " * (indent if isinstance(indent, int) and 0 < indent < 10 else 0)
    offset = part.get("offset")
    first = (offset if isinstance(offset, int) else 0) + 1
    for number, row in enumerate(objects(part.get("elements")), start=first):
        bullet = f"{number}." if part.get("style") == "ordered" else "•"
        yield f"{space}{bullet} {''.join(_run(run) for run in objects(row.get('elements')))}"


def _run(run: Mapping[str, Any]) -> str:
    match text_of(run, "type"):
        case "link":
            return link(text_of(run, "url"), text_of(run, "text"))
        case "user":
            return f"<@{text_of(run, 'user_id')}>"
        case "usergroup":
            return f"<!subteam^{text_of(run, 'usergroup_id')}>"
        case "channel":
            return f"<#{text_of(run, 'channel_id')}>"
        case "broadcast":
            return f"<!{text_of(run, 'range')}>"
        case "emoji":
            return _character(run) or f":{text_of(run, 'name')}:"
        case "date":
            return f"<!date^{run.get('timestamp')}^|{escape(text_of(run, 'fallback'))}>"
        case "color":
            return escape(text_of(run, "value"))
        case _:
            return escape(text_of(run, "text"))


def _runs(part: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """Every run below a part of rich text."""
    for element in objects(part.get("elements")):
        yield element
        if depth < _DEEPEST:
            yield from _runs(element, depth + 1)


def _character(run: Mapping[str, Any]) -> str:
    """The emoji from its code points (`1f44b-1f3fc`); empty for a custom emoji."""
    if text_of(run, "type") != "emoji":
        return ""
    try:
        points = [int(point, 16) for point in text_of(run, "unicode").split("-")]
        character = "".join(map(chr, points))
        character.encode()
    except (ValueError, OverflowError):
        return ""
    return character


def quoted(text: str) -> str:
    """The text with `>` before each line, as mrkdwn."""
    return "\n".join(f"&gt; {line}" for line in text.splitlines())


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects in a list; none if it is no list."""
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, dict))


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """The string in a field; empty if there is none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
