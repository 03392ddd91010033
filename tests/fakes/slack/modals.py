"""Modals: triggers, the views that are open, and Slack's rules for views.

https://docs.slack.dev/surfaces/modals and https://docs.slack.dev/reference/views/modal-views. As Slack
does, a view that is replaced keeps what stands in an input whose `block_id` and `action_id` stay the
same, and then ignores another `initial_value`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.slack.blocks import Json, problems

TRIGGER_SECONDS = 3.0


class ViewRefusedError(Exception):
    """The name of the error, and what is wrong with the view."""

    def __init__(self, name: str, *found: str) -> None:
        super().__init__(name, *found)
        self.name, self.found = name, list(found)


@dataclass
class Modal:
    """A modal that somebody has before them: `typed` is what stands in each input, by block id."""

    id: str
    user: str
    view: Json
    hash: str
    is_open: bool = True
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """What Slack shows beside inputs, by block id."""
    is_broken: bool = False
    """Slack shows "We had some trouble connecting. Try again?"."""
    shown: list[Json] = field(default_factory=list)
    """Every view that was shown, the newest last."""

    @property
    def inputs(self) -> list[Json]:
        return [block for block in self.view["blocks"] if block["type"] == "input"]

    @property
    def words(self) -> str:
        """What is written in the modal beside the inputs."""
        return json.dumps(
            [block for block in self.view["blocks"] if block["type"] != "input"],
            ensure_ascii=False,
        )

    def block(self, label: str) -> Json:
        """The input of that label."""
        return next(block for block in self.inputs if block["label"]["text"] == label)

    def text(self, label: str) -> str:
        """What stands in the input of that label."""
        return self.typed.get(self.block(label)["block_id"], "")

    def texts(self) -> dict[str, str]:
        """What stands in each input, by label."""
        return {block["label"]["text"]: self.text(block["label"]["text"]) for block in self.inputs}

    def error(self, label: str) -> str:
        """The error beside the input of that label."""
        return self.errors.get(self.block(label)["block_id"], "")

    def as_sent(self, team: str) -> Json:
        """The view as Slack tells it to the app."""
        values = {
            block["block_id"]: {
                block["element"]["action_id"]: {
                    "type": "plain_text_input",
                    "value": self.typed.get(block["block_id"]) or None,
                }
            }
            for block in self.inputs
        }
        return {
            "id": self.id,
            "team_id": team,
            "state": {"values": values},
            "hash": self.hash,
            "clear_on_close": False,
            "notify_on_close": False,
            "close": None,
            "submit": None,
            "callback_id": "",
            "private_metadata": "",
            "external_id": "",
            "root_view_id": self.id,
            "previous_view_id": None,
            "app_id": "A0001",
            "app_installed_team_id": team,
            "bot_id": "BBOT",
            **self.view,
        }


class Modals:
    """The triggers and the modals of one workspace."""

    def __init__(self, clock: Callable[[], float], number: Callable[[], int], team: str) -> None:
        self._clock = clock
        self._number = number
        self._team = team
        self._triggers: dict[str, tuple[str, float]] = {}
        self.used: set[str] = set()
        self.all: dict[str, Modal] = {}

    def trigger(self, user: str) -> str:
        """A new trigger: it opens one view, within three seconds."""
        name = f"trigger.{self._team}.{self._number()}"
        self._triggers[name] = (user, self._clock())
        return name

    def has(self, name: str) -> bool:
        """Whether a trigger or a view is of this workspace."""
        return name in self._triggers or name in self.all

    def before(self, user: str) -> Modal | None:
        """The modal that somebody has before them."""
        return next((m for m in reversed(self.all.values()) if m.is_open and m.user == user), None)

    def open(self, args: Mapping[str, Any]) -> Json:
        trigger, view = str(args.get("trigger_id", "")), _view(args.get("view"))
        if trigger not in self._triggers:
            raise ViewRefusedError("invalid_trigger_id")
        if trigger in self.used:
            raise ViewRefusedError("exchanged_trigger_id")
        user, at = self._triggers[trigger]
        if self._clock() - at > TRIGGER_SECONDS:
            raise ViewRefusedError("expired_trigger_id")
        check_view(view)
        self.used.add(trigger)
        modal = Modal(f"V{self._team}{self._number()}", user, {}, "")
        self.all[modal.id] = modal
        self._replace(modal, view)
        return modal.as_sent(self._team)

    def update(self, args: Mapping[str, Any]) -> Json:
        modal, view = self.all.get(str(args.get("view_id", ""))), _view(args.get("view"))
        if modal is None or not modal.is_open:
            raise ViewRefusedError("not_found")
        if args.get("hash") and args["hash"] != modal.hash:
            raise ViewRefusedError("hash_conflict")
        check_view(view)
        self._replace(modal, view)
        return modal.as_sent(self._team)

    def answer(self, modal: Modal, acknowledged: bool, body: Json) -> None:
        """What a modal does with the answer to its submission; raises `AssertionError` for a bad one."""
        modal.errors, modal.is_broken = {}, False
        action = body.get("response_action")
        if not acknowledged:
            modal.is_broken = True
        elif not body or action == "clear":
            modal.is_open = False
        elif action == "errors":
            known = {block["block_id"] for block in modal.inputs}
            assert body["errors"], "no errors"
            assert set(body["errors"]) <= known, "errors beside what is no input"
            assert all(body["errors"].values()), "an empty error"
            modal.errors = dict(body["errors"])
        else:
            assert action == "update", body
            check_view(body["view"])
            self._replace(modal, body["view"])

    def _replace(self, modal: Modal, view: Json) -> None:
        before = (
            {(b["block_id"], b["element"]["action_id"]) for b in modal.inputs}
            if modal.view
            else set()
        )
        modal.view, modal.hash = view, f"{self._number()}.hash"
        modal.shown.append(view)
        kept = {}
        for block in modal.inputs:
            name = block["block_id"]
            if (name, block["element"]["action_id"]) in before:
                kept[name] = modal.typed.get(name, "")
            else:
                kept[name] = block["element"].get("initial_value", "")
        modal.typed, modal.errors = kept, {}


def _view(value: Any) -> Json:
    view = json.loads(value) if isinstance(value, str) else value
    if not isinstance(view, dict):
        raise ViewRefusedError("invalid_arguments", "no view")
    return view


_FIELDS = frozenset(
    {
        "type",
        "title",
        "blocks",
        "close",
        "submit",
        "private_metadata",
        "callback_id",
        "clear_on_close",
        "notify_on_close",
        "external_id",
        "submit_disabled",
    }
)


def check_view(view: Json) -> None:
    """Raise for what Slack does not take; a view that it sent has fields of its own, for example."""
    found = [f"{name}: not allowed" for name in set(view) - _FIELDS]
    if view.get("type") != "modal":
        found.append("type")
    for name in ("title", "submit", "close"):
        if name in view or name == "title":
            found += _plain(view.get(name), 24, name)
    blocks = view.get("blocks")
    inputs = [b for b in blocks or () if b.get("type") == "input"]
    if inputs and "submit" not in view:
        found.append("submit is needed where there are inputs")
    if len(view.get("private_metadata", "")) > 3000:
        found.append("private_metadata over 3000")
    if len(view.get("callback_id", "")) > 255:
        found.append("callback_id over 255")
    found += problems([b for b in blocks or () if b.get("type") != "input"], most=100)
    if len(blocks or ()) > 100:
        found.append("over 100 blocks")
    ids = [block["block_id"] for block in blocks or () if "block_id" in block]
    if len(set(ids)) != len(ids):
        found.append("the same block_id twice")
    for block in inputs:
        found += _input(block)
    if found:
        raise ViewRefusedError("invalid_arguments", *found)
    if len(json.dumps(view, ensure_ascii=False)) > 250_000:
        raise ViewRefusedError("view_too_large")


def _input(block: Json) -> list[str]:
    """https://docs.slack.dev/reference/block-kit/blocks/input-block"""
    found = _plain(block.get("label"), 2000, "label")
    if not 1 <= len(block.get("block_id", "")) <= 255:
        found.append("input: block_id of 1 to 255")
    if "hint" in block:
        found += _plain(block["hint"], 2000, "hint")
    element = block.get("element", {})
    if element.get("type") != "plain_text_input":
        return [*found, f"input: {element.get('type')}"]
    if not 1 <= len(element.get("action_id", "")) <= 255:
        found.append("input: action_id of 1 to 255")
    if "placeholder" in element:
        found += _plain(element["placeholder"], 150, "placeholder")
    most = element.get("max_length", 3000)
    if not 1 <= most <= 3000:
        found.append("input: max_length of 1 to 3000")
    initial = element.get("initial_value", "")
    if len(initial) > min(most, 3000):
        found.append("input: initial_value over max_length")
    if "\n" in initial and not element.get("multiline"):
        found.append("input: several lines")
    when = element.get("dispatch_action_config", {}).get("trigger_actions_on", [])
    if set(when) - {"on_enter_pressed", "on_character_entered"}:
        found.append("input: trigger_actions_on")
    return found


def _plain(value: Any, longest: int, where: str) -> list[str]:
    if not isinstance(value, dict) or value.get("type") != "plain_text":
        return [f"{where}: no plain_text"]
    text = value.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= longest:
        return [f"{where}: 1 to {longest} characters"]
    return []
