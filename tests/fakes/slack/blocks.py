"""Slack's rules for blocks, as far as they are documented: what `invalid_blocks` would say."""

import json
from typing import Any

Json = dict[str, Any]

MOST_BLOCKS = 50
LONGEST_MESSAGE = 13_200
"""Where `msg_blocks_too_long` begins; it is not documented, but observed (bolt-js 2509)."""


def problems(blocks: Any, *, most: int = MOST_BLOCKS) -> list[str]:
    """Everything that is wrong with a list of blocks; nothing when it may be posted."""
    if not isinstance(blocks, list):
        return ["blocks is no list"]
    found = []
    if len(blocks) > most:
        found.append(f"{len(blocks)} blocks")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) != len(ids):
        found.append("the same block_id twice")
    for block in blocks:
        if len(block.get("block_id", "")) > 255:
            found.append("block_id over 255")
        check = _CHECKS.get(block.get("type", ""))
        found += check(block) if check else [f"unknown block {block.get('type')!r}"]
    return found


def too_long(blocks: list[Json]) -> bool:
    return len(json.dumps(blocks, ensure_ascii=False)) > LONGEST_MESSAGE


def _text(value: Any, longest: int, where: str, kinds: tuple[str, ...]) -> list[str]:
    if not isinstance(value, dict) or value.get("type") not in kinds:
        return [f"{where}: no text object of {kinds}"]
    text = value.get("text")
    if not isinstance(text, str) or not text:
        return [f"{where}: empty text"]
    found = [f"{where}: {len(text)} > {longest}"] if len(text) > longest else []
    if value["type"] == "mrkdwn" and "emoji" in value:
        found.append(f"{where}: emoji is for plain_text")
    return found


def pings(text: str, blocks: list[Json]) -> list[str]:
    """Whom posting this would notify: people by their ids, and marks of many."""
    marked = json.dumps([text, [_mrkdwn(block) for block in blocks]], ensure_ascii=False)
    marks = ("<!channel", "<!here", "<!everyone", "<!subteam", "<@")
    return [*(mark for mark in marks if mark in marked), *_called(blocks)]


def _called(value: Any) -> list[str]:
    """Who is notified by the elements of rich text below `value`."""
    if isinstance(value, dict):
        kind = value.get("type")
        if kind in ("user", "usergroup", "broadcast"):
            return [str(value.get("user_id", kind))]
        return [each for part in value.values() for each in _called(part)]
    return [each for part in value for each in _called(part)] if isinstance(value, list) else []


def _mrkdwn(value: Any) -> list[str]:
    """Every text below `value` in which Slack looks for marks."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            return [value["text"]]
        return [text for part in value.values() for text in _mrkdwn(part)]
    if isinstance(value, list):
        return [text for part in value for text in _mrkdwn(part)]
    return []


def _header(block: Json) -> list[str]:
    return _text(block.get("text"), 150, "header", ("plain_text",))


def _section(block: Json) -> list[str]:
    found = []
    both = ("plain_text", "mrkdwn")
    if "text" in block:
        found += _text(block["text"], 3000, "section", both)
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        found.append("section: neither text nor fields")
    if len(fields) > 10:
        found.append("section: over 10 fields")
    for field in fields:
        found += _text(field, 2000, "field", both)
    if "accessory" in block:
        found += _element(block["accessory"])
    return found


def _context(block: Json) -> list[str]:
    elements = block.get("elements", [])
    found = [] if 1 <= len(elements) <= 10 else ["context: 1 to 10 elements"]
    for element in elements:
        found += _text(element, 3000, "context", ("plain_text", "mrkdwn"))
    return found


def _actions(block: Json) -> list[str]:
    elements = block.get("elements", [])
    found = [] if 1 <= len(elements) <= 25 else ["actions: 1 to 25 elements"]
    ids = [element.get("action_id") for element in elements]
    if len(set(ids)) != len(ids):
        found.append("actions: the same action_id twice")
    for element in elements:
        found += _element(element)
    return found


def _element(element: Json) -> list[str]:
    kind = element.get("type")
    action = element.get("action_id", "")
    found = [f"{kind}: action_id"] if len(action) > 255 or not action else []
    if kind == "button":
        found += _text(element.get("text"), 75, "button", ("plain_text",))
        if len(element.get("value", "")) > 2000:
            found.append("button: value over 2000")
        if len(element.get("url", "")) > 3000:
            found.append("button: url over 3000")
        return found
    if kind == "static_select":
        found += _text(element.get("placeholder"), 150, "placeholder", ("plain_text",))
        options = element.get("options", [])
        if not 1 <= len(options) <= 100:
            found.append("select: 1 to 100 options")
        for option in options:
            found += _text(option.get("text"), 75, "option", ("plain_text",))
            if not 1 <= len(option.get("value", "")) <= 150:
                found.append("option: value of 1 to 150")
        return found
    return [*found, f"unknown element {kind!r}"]


def _image(block: Json) -> list[str]:
    """https://docs.slack.dev/reference/block-kit/blocks/image-block"""
    found = (
        [] if ("image_url" in block) != ("slack_file" in block) else ["image: url or slack_file"]
    )
    text = block.get("alt_text")
    if not isinstance(text, str) or not text or len(text) > 2000:
        found.append("image: alt_text of 1 to 2000")
    if "slack_file" in block and set(block["slack_file"]) not in ({"id"}, {"url"}):
        found.append("image: slack_file has an id or a url")
    return found


def _rich_text(block: Json) -> list[str]:
    found = []
    for part in block.get("elements", []):
        kind = part.get("type")
        if kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
            found += _runs(part)
        elif kind == "rich_text_list":
            if part.get("style") not in {"bullet", "ordered"}:
                found.append("rich_text_list: style")
            for item in part.get("elements", []):
                found += _runs(item)
        else:
            found.append(f"rich_text: unknown part {kind!r}")
    return found or ([] if block.get("elements") else ["rich_text: empty"])


def _runs(part: Json) -> list[str]:
    runs = part.get("elements", [])
    found = [] if runs else ["rich_text: a part without runs"]
    length = 0
    for run in runs:
        if run.get("type") == "user":
            if not run.get("user_id", "").startswith(("U", "W")):
                found.append(f"rich_text: user {run}")
            continue
        if run.get("type") not in {"text", "link"} or not run.get("text"):
            found.append(f"rich_text: run {run}")
        if run.get("type") == "link" and not run.get("url", "").startswith(("http://", "https://")):
            found.append(f"rich_text: link {run}")
        length += len(run.get("text", ""))
    return [*found, "rich_text: over 3000 characters"] if length > 3000 else found


_CHECKS = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": lambda _: [],
    "image": _image,
    "rich_text": _rich_text,
}
