"""What people do with modals and message shortcuts, as Slack tells it to the app."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.fakes.slack.modals import Modal
from tests.fakes.slack.wire import SentRequest
from tests.fakes.slack.world import APP_ID, Json, World

Send = Callable[[SentRequest, dict[str, Any]], Awaitable[SentRequest]]


class Hands:
    """The hands of everybody in one workspace; `send` passes what they do on to the app."""

    def __init__(self, world: World, send: Send, organisation: Callable[[], Json]) -> None:
        self._world = world
        self._send = send
        self._organisation = organisation

    async def shortcut(
        self,
        message: Json,
        callback_id: str = "note",
        *,
        user: str = "U1",
        channel: str = "C1",
        trigger: str = "",
    ) -> SentRequest:
        """A message shortcut: https://docs.slack.dev/reference/interaction-payloads/shortcuts-interactions-payload"""
        payload = self._payload("message_action", user) | {
            "callback_id": callback_id,
            "trigger_id": trigger or self._world.modals.trigger(user),
            "message_ts": message["ts"],
            "message": dict(message),
            "channel": {"id": channel, "name": self._world.channels[channel].name},
        }
        return await self._send(SentRequest("interactive", payload), {})

    async def type(self, modal: Modal, label: str, text: str) -> SentRequest | None:
        """Replace what stands in an input; the app is told where it asked for that."""
        block = modal.block(label)
        element = block["element"]
        assert len(text) <= element.get("max_length", 3000), "Slack takes no more characters"
        assert element.get("multiline") or "\n" not in text, "the input has one line"
        modal.typed[block["block_id"]] = text
        config = element.get("dispatch_action_config", {}).get("trigger_actions_on", ())
        if not block.get("dispatch_action") or "on_character_entered" not in config:
            return None
        action = {
            "type": "plain_text_input",
            "block_id": block["block_id"],
            "action_id": element["action_id"],
            "value": text,
        }
        return await self._act(modal, action)

    async def press(self, modal: Modal, label: str) -> SentRequest:
        """A button of a modal."""
        for block in modal.view["blocks"]:
            for element in block.get("elements", ()) if block["type"] == "actions" else ():
                if element["text"]["text"] == label:
                    action = {**element, "block_id": block.get("block_id", "generated")}
                    return await self._act(modal, action)
        raise AssertionError(f"no button {label}")

    async def submit(self, modal: Modal, *, checked: bool = True) -> SentRequest | None:
        """Press Submit; Slack itself asks for what is required, and then tells nothing."""
        assert modal.is_open, "there is nothing to submit"
        for block in modal.inputs:
            is_missing = not modal.typed.get(block["block_id"], "").strip()
            if checked and is_missing and not block.get("optional"):
                modal.errors = {block["block_id"]: "Please complete this required field."}
                return None
        payload = self._payload("view_submission", modal.user) | {
            "trigger_id": self._world.modals.trigger(modal.user),
            "view": self._view(modal),
            "response_urls": [],
        }
        sent = await self._send(SentRequest("interactive", payload), {})
        self._world.modals.answer(modal, sent.acknowledged, sent.response)
        return sent

    async def close(self, modal: Modal, *, tells_state: bool = True) -> SentRequest | None:
        """Dismiss a modal; the app is told where it asked for that."""
        modal.is_open = False
        if not modal.view.get("notify_on_close"):
            return None
        view = self._view(modal)
        if not tells_state:
            view["state"] = {"values": {}}
        payload = self._payload("view_closed", modal.user) | {"view": view, "is_cleared": False}
        return await self._send(SentRequest("interactive", payload), {})

    async def raw(self, fields: Json, *, user: str = "U1") -> SentRequest:
        """An interaction with any fields."""
        payload = self._payload(fields["type"], user) | fields
        return await self._send(SentRequest("interactive", payload), {})

    async def _act(self, modal: Modal, action: Json) -> SentRequest:
        view = self._view(modal)
        payload = self._payload("block_actions", modal.user, in_view=True) | {
            "container": {"type": "view", "view_id": modal.id},
            "trigger_id": self._world.modals.trigger(modal.user),
            "view": view,
            "actions": [{**action, "action_ts": self._world.next_ts()}],
        }
        return await self._send(SentRequest("interactive", payload), {})

    def _view(self, modal: Modal) -> Json:
        """A modal as Slack sends it: `app_installed_team_id` names who has installed the app.

        https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
        """
        whole = self._organisation()
        sent = modal.as_sent(self._world.people[modal.user].team or self._world.team)
        owner = whole["enterprise"]["id"] if whole["is_enterprise_install"] else self._world.team
        return {**sent, "app_installed_team_id": owner}

    def _payload(self, kind: str, user: str, *, in_view: bool = False) -> Json:
        person = self._world.people[user]
        is_view = kind.startswith("view_")  # then Slack names no team for an organisation's app
        # What happens in a modal names the person's own workspace, also where they come from outside.
        own = (person.team if is_view or in_view else "") or self._world.team
        names = {"username": person.name, "name": person.name, "team_id": own}
        whole = self._organisation()
        if (
            own != self._world.team and not person.teams
        ):  # a partner's, of no or another organisation
            whole |= {"enterprise": {"id": f"E{own[1:]}", "name": "Another organisation"}}
        team = {"id": own, "domain": "papers"}
        return {
            "type": kind,
            "team": None if is_view and whole["is_enterprise_install"] else team,
            "user": {"id": user, **names},
            "api_app_id": APP_ID,
            **whole,
        }
