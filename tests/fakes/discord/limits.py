"""Discord's limits on what a request may hold: our own list, beside the published schema.

The schema allows 4,000 characters of content and has no limit for the whole message; this has
both, and it counts UTF-16 units, the strictest reading of "characters".
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.discord.world import DiscordError, Json

COMPONENTS_V2 = 1 << 15
_SETTABLE_FLAGS = (1 << 2) | (1 << 6) | (1 << 12) | COMPONENTS_V2
_ACTION_ROW, _BUTTON, _SELECT, _SECTION, _TEXT, _CONTAINER = 1, 2, 3, 9, 10, 17
_LINK_STYLE = 5
_COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")
_ARCHIVE_MINUTES = frozenset({60, 1440, 4320, 10080})


def length(text: Any) -> int:
    return len(str(text).encode("utf-16-le", "surrogatepass")) // 2


class _Form:
    """The complaints about one body."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def hold(self, claim: bool, complaint: str) -> None:
        if not claim:
            self.complaints.append(complaint)

    def text(self, value: Any, most: int, where: str, *, least: int = 0) -> None:
        self.hold(isinstance(value, str), f"{where}: not a string")
        self.hold(least <= length(value) <= most, f"{where}: must be {least} to {most} long")

    def finish(self) -> None:
        if self.complaints:
            errors = {"_errors": [{"code": "INVALID", "message": c} for c in self.complaints]}
            raise DiscordError(400, 50035, "Invalid Form Body", errors)


def check_message(body: Json, *, partial: bool = False, nonce_allowed: bool = True) -> None:
    """Raise what Discord answers to a message that is too long, too much or empty."""
    form = _Form()
    flags = body.get("flags") or 0
    form.hold(flags & ~_SETTABLE_FLAGS == 0, "flags: cannot be set")
    form.text(body.get("content") or "", 2000, "content")
    embeds = body.get("embeds") or []
    form.hold(len(embeds) <= 10, "embeds: more than 10")
    total = 0
    for place, embed in enumerate(embeds):
        total += _embed(form, embed, f"embeds[{place}]")
    form.hold(total <= 6000, f"embeds: {total} characters in all, more than 6000")
    components = body.get("components") or []
    _components(form, components, flags)
    if flags & COMPONENTS_V2:
        form.hold(not body.get("content"), "content: not with components V2")
        form.hold(not embeds, "embeds: not with components V2")
    nonce = body.get("nonce")
    form.hold(nonce is None or nonce_allowed, "nonce: not here")
    if isinstance(nonce, str):
        form.text(nonce, 25, "nonce")
    form.finish()
    if not partial and not (body.get("content") or embeds or components):
        raise DiscordError(400, 50006, "Cannot send an empty message")


def _embed(form: _Form, embed: Json, where: str) -> int:
    total = 0
    for name, most in (("title", 256), ("description", 4096)):
        if embed.get(name):
            form.text(embed[name], most, f"{where}.{name}")
            total += length(embed[name])
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    for part, name, most in ((footer, "text", 2048), (author, "name", 256)):
        if part:
            form.text(part.get(name, ""), most, f"{where}.{name}", least=1)
            total += length(part.get(name, ""))
    fields = embed.get("fields") or []
    form.hold(len(fields) <= 25, f"{where}.fields: more than 25")
    for field in fields:
        form.text(field.get("name", ""), 256, f"{where}.fields.name", least=1)
        form.text(field.get("value", ""), 1024, f"{where}.fields.value", least=1)
        total += length(field.get("name", "")) + length(field.get("value", ""))
    url = embed.get("url")
    if url is not None:
        form.text(url, 2048, f"{where}.url", least=1)
        form.hold(_is_url(url), f"{where}.url: not a well formed URL")
    form.hold(total > 0, f"{where}: empty")
    return total


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and text.isascii()


def _components(form: _Form, components: list[Json], flags: int) -> None:
    every = list(_walk(components))
    form.hold(len(every) <= 40, f"components: {len(every)} in all, more than 40")
    if not flags & COMPONENTS_V2:
        form.hold(len(components) <= 5, "components: more than 5 rows")
        only_rows = all(component.get("type") == _ACTION_ROW for component in components)
        form.hold(only_rows, "components: only action rows without components V2")
    texts = [c["content"] for c in every if c.get("type") == _TEXT]
    form.hold(sum(map(length, texts)) <= 4000, "components: more than 4000 characters")
    ids = [c["id"] for c in every if c.get("id")]
    form.hold(len(ids) == len(set(ids)), "components: an id stands twice")
    custom_ids = [c["custom_id"] for c in every if c.get("custom_id")]
    form.hold(len(custom_ids) == len(set(custom_ids)), "components: a custom_id stands twice")
    for component in every:
        _component(form, component)


def _walk(components: list[Json]) -> Iterator[Json]:
    for component in components:
        yield component
        yield from _walk(component.get("components") or [])
        if component.get("accessory"):
            yield from _walk([component["accessory"]])


def _component(form: _Form, component: Json) -> None:
    kind = component.get("type")
    if kind == _ACTION_ROW:
        inside = component.get("components") or []
        selects = [c for c in inside if c.get("type") != _BUTTON]
        form.hold(1 <= len(inside) <= 5, "action row: 1 to 5 components")
        form.hold(not selects or len(inside) == 1, "action row: a select stands alone")
    elif kind == _BUTTON:
        _button(form, component)
    elif kind == _SELECT:
        _select(form, component)
    elif kind == _SECTION:
        form.hold(1 <= len(component.get("components") or []) <= 3, "section: 1 to 3 texts")
        form.hold("accessory" in component, "section: no accessory")
    elif kind == _TEXT:
        form.text(component.get("content", ""), 4000, "text display", least=1)


def _button(form: _Form, button: Json) -> None:
    is_link = button.get("style") == _LINK_STYLE
    form.text(button.get("label") or "", 80, "button.label", least=0 if button.get("emoji") else 1)
    if is_link:
        form.text(button.get("url", ""), 512, "button.url", least=1)
        form.hold(_is_url(button.get("url", "")), "button.url: not a well formed URL")
        form.hold("custom_id" not in button, "button: a link has no custom_id")
    else:
        form.text(button.get("custom_id", ""), 100, "button.custom_id", least=1)
        form.hold("url" not in button, "button: only a link has a url")


def _select(form: _Form, select: Json) -> None:
    form.text(select.get("custom_id", ""), 100, "select.custom_id", least=1)
    form.text(select.get("placeholder") or "", 150, "select.placeholder")
    options = select.get("options") or []
    form.hold(1 <= len(options) <= 25, "select.options: 1 to 25")
    values = [option.get("value") for option in options]
    form.hold(len(values) == len(set(values)), "select.options: a value stands twice")
    for option in options:
        form.text(option.get("label", ""), 100, "select.options.label", least=1)
        form.text(option.get("value", ""), 100, "select.options.value", least=1)
        form.text(option.get("description") or "", 100, "select.options.description")


def check_thread(body: Json) -> None:
    """The name and archive time of a thread."""
    form = _Form()
    form.text(body.get("name", ""), 100, "name", least=1)
    form.hold(bool(str(body.get("name", "")).strip()), "name: blank")
    duration = body.get("auto_archive_duration")
    form.hold(duration is None or duration in _ARCHIVE_MINUTES, "auto_archive_duration: unknown")
    form.hold(len(body.get("applied_tags") or []) <= 5, "applied_tags: more than 5")
    form.finish()


def check_modal(modal: Json) -> None:
    """A modal: one to five labels, each with a text input (other components are not modelled)."""
    form = _Form()
    form.text(modal.get("custom_id", ""), 100, "custom_id", least=1)
    form.text(modal.get("title", ""), 45, "title", least=1)
    labels = modal.get("components") or []
    form.hold(1 <= len(labels) <= 5, "components: 1 to 5")
    inputs = [label.get("component") or {} for label in labels]
    names = [each.get("custom_id") for each in inputs]
    form.hold(len(names) == len(set(names)), "components: a custom_id stands twice")
    for label, each in zip(labels, inputs, strict=True):
        form.hold(label.get("type") == 18, "components: not a label")
        form.text(label.get("label", ""), 45, "label", least=1)
        form.text(label.get("description") or "", 100, "label.description")
        form.hold(each.get("type") == 4, "label.component: not a text input")
        form.text(each.get("custom_id", ""), 100, "text input.custom_id", least=1)
        form.hold(each.get("style") in {1, 2}, "text input.style: 1 or 2")
        form.hold("label" not in each or each["label"] is None, "text input.label: in a label")
        most = each.get("max_length") or 4000
        form.hold(1 <= most <= 4000, "text input.max_length: 1 to 4000")
        form.text(each.get("value") or "", most, "text input.value")
        form.text(each.get("placeholder") or "", 100, "text input.placeholder")
    form.finish()


def check_choices(choices: list[Json]) -> None:
    """The suggestions of an autocomplete."""
    form = _Form()
    form.hold(len(choices) <= 25, "choices: more than 25")
    for choice in choices:
        form.text(choice.get("name", ""), 100, "choices.name", least=1)
        form.text(choice.get("value", ""), 100, "choices.value", least=1)
    form.finish()


def check_commands(commands: list[Json]) -> None:
    """A list of application commands."""
    form = _Form()
    form.hold(len(commands) <= 100, "commands: more than 100")
    names = [(command.get("type", 1), command.get("name")) for command in commands]
    form.hold(len(names) == len(set(names)), "commands: a name stands twice")
    for command in commands:
        _command(form, command)
    form.finish()


def _command(form: _Form, command: Json) -> None:
    options = command.get("options") or []
    if command.get("type", 1) != 1:  # on a person or a message
        localized = (command.get("name_localizations") or {}).values()
        for name in (command.get("name", ""), *localized):
            form.text(name, 32, "name", least=1)
        form.hold(not options and not command.get("description"), "a name alone")
        return
    form.hold(len(options) <= 25, "options: more than 25")
    total = 0
    for part in (command, *options):
        name, texts = str(part.get("name")), [part.get("description", "")]
        form.hold(bool(_COMMAND_NAME.fullmatch(name)) and name == name.lower(), f"{name}: a name")
        texts += (part.get("description_localizations") or {}).values()
        for text in texts:
            form.text(text, 100, f"{name}.description", least=1)
        total += length(name) + max(map(length, texts))
    form.hold(total <= 8000, "command: more than 8000 characters in all")
    required = [bool(option.get("required")) for option in options]
    form.hold(required == sorted(required, reverse=True), "options: required ones stand first")
