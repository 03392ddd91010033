"""The words of a message, as mrkdwn, including those outside its `text`.

The author's own words come first, then files and transcripts, then forwarded messages as quotations
that name their authors.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.domain.late import late_pattern
from bot.platforms.slack.inbound.block_text import block_text, emoji_of, objects, quoted, text_of
from bot.platforms.slack.inbound.mrkdwn import escape, link

_DEEPEST = 3
"""Levels of forwarded messages inside forwarded messages."""
_NO_TEXT = late_pattern(r"\s*(?:This (?:content|message) can.t be displayed\.?)?\s*")
"""What Slack puts into `text` if an app sent only blocks."""
_EMOJI = late_pattern(r":[\w+'-]{1,100}:(?::skin-tone-[2-6]:)?")


def message_words(message: Mapping[str, Any], address: str = "") -> str:
    """All words of a message, quotations included; empty if it has none.

    Its `address` stands for a file of which Slack tells nothing, as in channels that organisations share:
    https://docs.slack.dev/reference/events/message/file_share
    """
    return "\n".join(_parts(message, 0, address))


def own_words(message: Mapping[str, Any]) -> str:
    """The author's own words: `text`, or those of the blocks if there is no text."""
    text, blocks = text_of(message, "text"), message.get("blocks")
    if _NO_TEXT.fullmatch(text):
        return block_text(blocks)
    if emoji := emoji_of(blocks):
        return _EMOJI.sub(lambda found: emoji.get(found[0], found[0]), text)
    return text


def has_choice(message: Mapping[str, Any]) -> bool:
    """Whether a message has buttons or options, as polls do."""
    attachments = list(objects(message.get("attachments")))
    blocks = [
        block
        for part in (message, *attachments)
        for block in objects(part.get("blocks"))
        if block.get("type") == "actions" or "accessory" in block
    ]
    return bool(blocks) or any(each.get("actions") for each in attachments)


def _parts(message: Mapping[str, Any], depth: int, address: str) -> Iterator[str]:
    own = own_words(message)
    if own.strip():
        yield own
    for file in objects(message.get("files")):
        yield from _file(file, address)
    for attachment in objects(message.get("attachments")):
        yield from _attachment(attachment, depth)


def _file(file: Mapping[str, Any], posted_at: str) -> Iterator[str]:
    """A link to a file, and the words of its transcript, description or preview.

    Without a name and a link it is linked to where it was posted, unless it was deleted.
    """
    address = text_of(file, "permalink")
    name = " ".join((text_of(file, "title") or text_of(file, "name")).split())
    if address.startswith("https://"):
        yield link(address, name)
    elif name:
        yield escape(name)
    elif posted_at and text_of(file, "mode") != "tombstone":
        yield link(posted_at)
    said = [
        text_of(_object(_object(file.get("transcription")).get("preview")), "content"),
        text_of(file, "alt_txt"),
        text_of(file, "plain_text") or text_of(file, "preview"),
    ]
    for text in said:
        if text.strip():
            yield quoted(escape(text.strip()))


def _attachment(attachment: Mapping[str, Any], depth: int) -> Iterator[str]:
    """The words of an attachment: a forwarded message as a quotation, or those of an app.

    Previews of links are skipped, since nobody wrote them.
    """
    if attachment.get("is_share") is True:
        said = "\n".join(_shared(attachment, depth)) if depth < _DEEPEST else ""
        if said:
            yield quoted(f"{_author(attachment)}: {said}")
    elif not (text_of(attachment, "from_url") or text_of(attachment, "original_url")):
        yield from _card(attachment)


def _shared(attachment: Mapping[str, Any], depth: int) -> Iterator[str]:
    """The words of a forwarded message: Slack nests its blocks in `message_blocks`."""
    blocks = [
        block
        for each in objects(attachment.get("message_blocks"))
        for block in objects(_object(each.get("message")).get("blocks"))
    ]
    inner = {**attachment, "blocks": blocks or attachment.get("blocks")}
    address = text_of(attachment, "from_url")
    said = list(_parts(inner, depth + 1, address if address.startswith("https://") else ""))
    if not said and (fallback := text_of(attachment, "fallback")):
        said = [escape(fallback)]
    yield from said


def _author(attachment: Mapping[str, Any]) -> str:
    name = text_of(attachment, "author_name") or text_of(attachment, "author_subname")
    if name:
        return escape(" ".join(name.split()))
    author = text_of(attachment, "author_id")
    return f"<@{author}>" if author else "?"


def _card(attachment: Mapping[str, Any]) -> Iterator[str]:
    said = [text_of(attachment, name) for name in ("pretext", "title", "text")]
    for field in objects(attachment.get("fields")):
        pair = (text_of(field, "title"), text_of(field, "value"))
        said.append(": ".join(filter(None, pair)))
    said.append(block_text(attachment.get("blocks")))
    said.append(" · ".join(text_of(each, "text") for each in objects(attachment.get("actions"))))
    lines = [line for line in said if line.strip()]
    yield from lines or filter(None, [escape(text_of(attachment, "fallback"))])


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
