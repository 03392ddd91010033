"""Slack as one platform, with an app of its own in each workspace (issue 14, items 1 and 3).

The workspace of the settings is one of them; the others are in the database (`paperbot slack add`),
which is looked at every few seconds, so that they come and go while the bot runs. Each has its own
connection, restarts and condition: one that is revoked, limited or hangs delays no other.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.app.platforms import FindApps, FoundApps, readable
from bot.app.slack.organisations import SlackOrganisations
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError, UsageError, UserError
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    Condition,
    DeliveryKey,
    Identity,
    Inbox,
    MessageRef,
    Platform,
    User,
)
from bot.core.ports.part import ALONE, Part
from bot.operations.services.supervise import Supervised
from bot.platforms.slack.access import Access
from bot.platforms.slack.addresses import message_address
from bot.platforms.slack.chat import SlackChat

log = logging.getLogger(__name__)

OF_SETTINGS = ""
"""The key of the workspace whose tokens are in the settings; Slack tells its id."""
REFRESH_EVERY = 60.0
"""Seconds between two looks at which tokens expire soon."""
LOOK_EVERY = 2.0
"""Seconds between two looks at which workspaces there are."""
_AGAIN_AFTER = timedelta(minutes=1)
NOT_THERE = translatable("The bot is not connected to this Slack workspace")


@dataclass(slots=True)
class _Workspace:
    access: Access
    chat: SlackChat
    serving: Supervised
    problem: str = ""
    task: asyncio.Task[None] | None = None

    @property
    def condition(self) -> Condition:
        if self.problem:
            return Condition("slack", ok=False, detail=self.problem)
        running = self.serving.condition
        return self.chat.condition if running.ok else running


class SlackWorkspaces:
    """`ports.Chat` for every workspace of Slack.

    `fixed` is the app of the settings, if there is one; its wrong token ends the bot, as a person
    who starts it must see. One of `find_apps` only stops its own workspace until it is changed.
    `refresh` replaces tokens that expire soon, where they do. `organisations` are asked for their
    workspaces, which are then among those of `find_apps`, by the process that does the part `asking`.
    `added_itself` tells whether one of some workspaces came by "Add to Slack"; without it none did.
    """

    platform = Platform.SLACK

    def __init__(
        self,
        fixed: Access | None,
        find_apps: FindApps,
        open_chat: Callable[[str, Access], SlackChat],
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        refresh: Callable[[], Awaitable[None]] | None = None,
        organisations: SlackOrganisations | None = None,
        asking: Part = ALONE,
        added_itself: Callable[[Collection[str]], Awaitable[bool]] | None = None,
    ) -> None:
        self._added_itself = added_itself
        self._refresh = refresh
        self._organisations = organisations
        self._asking = asking
        self._find_apps = find_apps
        self._open_chat = open_chat
        self._clock = clock
        self._sleep = sleep
        self._inbox: Inbox | None = None
        self._wanted: frozenset[str] | None = None
        self._unreadable: dict[str, str] = {}
        self._workspaces: dict[str, _Workspace] = {}
        if fixed is not None:
            self._workspaces[OF_SETTINGS] = self._workspace(OF_SETTINGS, fixed)

    def teams(self) -> frozenset[str]:
        """The ids of the workspaces, as far as they are known."""
        return frozenset(
            team for key, each in self._workspaces.items() if (team := key or each.chat.team)
        )

    def chats(self) -> tuple[SlackChat, ...]:
        """Every workspace's chat."""
        return tuple(each.chat for each in self._workspaces.values())

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """One for each workspace, named `slack:T0123`; the one of the settings is first.

        Organisations that installed the app are last, as `slack:E0123`.
        """
        return (
            *self._of_workspaces(),
            *(self._organisations.conditions if self._organisations is not None else ()),
        )

    def _of_workspaces(self) -> tuple[Condition, ...]:
        found = {
            name: _named(name, each.condition)
            for key, each in self._workspaces.items()
            for name in (f"slack:{key or each.chat.team or '?'}",)
        }
        for key, problem in self._unreadable.items():
            name, words = f"slack:{key}", "its stored tokens cannot be read"
            found[name] = Condition(name, ok=False, detail=problem, told_to_all=words)
        return tuple(found.values())

    @property
    def condition(self) -> Condition:
        """For `/healthz`: with several workspaces, well while one of them is.

        A workspace that was revoked must not have the whole bot restarted.
        """
        each = self._of_workspaces()
        if len(each) == 1:
            return _named("slack", each[0])
        broken = [condition for condition in each if not condition.ok]
        names = "; ".join(f"{one.name}: {one.detail}" for one in broken[:3])
        told = max((one.last_ok_at for one in each if one.last_ok_at), default=None)
        detail = f"{len(each) - len(broken)} of {len(each)} workspaces"
        return Condition(
            "slack",
            ok=not each or len(broken) < len(each),
            detail=f"{detail}; {names}" if names else detail,
            last_ok_at=told,
            told_to_all=detail,
        )

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        return await self._of(channel).post(channel, document, key=key, since=since)

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        return await self._of(root.channel).reply(root, document, key=key, since=since)

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,
    ) -> MessageRef | None:
        return await self._of(channel).find(channel, key, since=since, root=root)

    async def edit(self, message: MessageRef, document: Document) -> None:
        await self._of(message.channel).edit(message, document)

    async def delete(self, message: MessageRef) -> None:
        await self._of(message.channel).delete(message)

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:
        return await self._of(ChannelRef(self.platform, workspace, "")).direct_channel(
            workspace, user
        )

    def address(self, message: MessageRef, root: MessageRef | None) -> str:
        """Where a person reads a message, or a reply in the thread of `root`."""
        try:
            return self._of(message.channel).address(message, root)
        except ChatUnavailableError:
            return message_address(message, root)

    async def check(self, channel: ChannelRef) -> ChannelRef:
        """The channel with its workspace; raises `ChatError` if the bot cannot post there."""
        if channel.workspace or len(self._workspaces) == 1:
            return await self._of(channel).check(channel)
        raise ChatRefusedError(
            translatable("Name the workspace too: slack:T0123/C0123"), Extent.CHANNEL
        )

    async def find_connected(self, channel: ChannelRef) -> frozenset[str]:
        """The other workspaces that share the channel (Slack Connect); raises `ChatError`."""
        return await self._of(channel).find_connected(channel)

    async def shared_workspaces(self, who: Identity) -> tuple[str, ...]:
        """`ports.Rights`: the person's workspace, while they are in it and the bot is."""
        return tuple([each for each in who.workspaces if await self._is_member(each, who.user)])

    async def _is_member(self, team: str, user: str) -> bool:
        chat = self._of_team(team)
        return chat is not None and await chat.rights.is_member(user)

    async def may_manage(self, who: Identity, channel: ChannelRef) -> bool:
        chat = self._of_team(channel.workspace) if who.is_of(channel) else None
        return chat is not None and await chat.rights.may_manage(who.user, channel.id)

    async def list_visible(
        self, who: Identity, channels: Collection[ChannelRef]
    ) -> Mapping[ChannelRef, str]:
        found: dict[ChannelRef, str] = {}
        for team in who.workspaces:
            theirs = [each for each in channels if who.is_of(each) and each.workspace == team]
            chat = self._of_team(team)
            if chat is not None and theirs:
                found |= await chat.rights.list_visible(who.user, theirs)
        return found

    async def vets(self, channel: ChannelRef, user: User) -> bool:
        """Whether the operator knows where somebody is: their own workspace, and the channel's."""
        if self._added_itself is None:
            return True
        fixed = self._workspaces.get(OF_SETTINGS)
        known = {"", fixed.chat.team if fixed is not None else ""}
        return not await self._added_itself({channel.workspace, user.workspace} - known)

    def _of_team(self, team: str) -> SlackChat | None:
        """The chat of exactly that workspace. Raises `ChatUnavailableError` while that is unknown."""
        known = self._workspaces.get(team)
        if known is not None:
            return known.chat
        fixed = self._workspaces.get(OF_SETTINGS)
        if fixed is not None and fixed.chat.team == team:
            return fixed.chat
        is_unknown = fixed is not None and fixed.chat.team is None  # not connected yet
        # Not looked yet, or disconnected for a moment because its tokens are new.
        if is_unknown or self._wanted is None or team in self._wanted:
            raise ChatUnavailableError(NOT_THERE, retry_after=_AGAIN_AFTER)
        return None

    def _of(self, channel: ChannelRef) -> SlackChat:
        """The chat of a channel's workspace; raises `ChatUnavailableError`."""
        found = self._workspaces.get(channel.workspace)
        if found is not None:
            return found.chat
        fixed = self._workspaces.get(OF_SETTINGS)
        if fixed is not None and (
            fixed.chat.team == channel.workspace
            or (len(self._workspaces) == 1 and channel.workspace not in self._unreadable)
        ):
            return fixed.chat
        again = _AGAIN_AFTER if self._wanted is not None else timedelta(seconds=LOOK_EVERY)
        raise ChatUnavailableError(NOT_THERE, retry_after=again, whole_workspace=True)

    async def run(self, inbox: Inbox) -> None:
        """Until cancelled; raises `UsageError` if Slack rejects a token of the settings."""
        self._inbox = inbox
        try:
            async with asyncio.TaskGroup() as tasks:
                for key, workspace in self._workspaces.items():
                    workspace.task = tasks.create_task(self._serve(key, workspace))
                if self._refresh is not None:
                    tasks.create_task(self._keep_fresh(self._refresh))
                if self._organisations is not None:
                    ask = partial(self._ask, self._organisations)
                    tasks.create_task(self._asking.while_ours(ask))
                while True:
                    await self._look(tasks)
                    await self._sleep(LOOK_EVERY)
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            for key in [key for key in self._workspaces if key != OF_SETTINGS]:
                del self._workspaces[key]

    async def _keep_fresh(self, refresh: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await refresh()
            except (StorageError, UsageError) as error:
                log.warning("Slack: which tokens expire soon is unknown: %s", error)
            await self._sleep(REFRESH_EVERY)

    async def _ask(self, organisations: SlackOrganisations) -> None:
        while True:
            try:
                await organisations.look()
            except (StorageError, UsageError) as error:
                log.warning("Slack: what organisations granted is unknown: %s", error)
            await self._sleep(LOOK_EVERY)

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Begin with workspaces that are new or have new tokens, end those that were removed."""
        try:
            wanted = await self._find_apps()
        except (StorageError, UsageError) as error:
            log.warning("Slack: which workspaces there are is unknown: %s", error)
            return
        self._wanted = frozenset(wanted)
        self._note_unreadable(wanted)
        for key, workspace in tuple(self._workspaces.items()):
            # One that cannot be read any more goes on with the tokens that it has.
            if key not in {OF_SETTINGS, *self._unreadable} and wanted.get(key) != workspace.access:
                await self._end(key, workspace)
        fixed = self._workspaces.get(OF_SETTINGS)
        for key, access in readable(wanted).items():
            if key in self._workspaces or (fixed is not None and fixed.chat.team == key):
                continue
            workspace = self._workspaces[key] = self._workspace(key, access)
            workspace.task = tasks.create_task(self._serve(key, workspace))

    def _note_unreadable(self, wanted: FoundApps) -> None:
        """Log which workspaces have tokens that cannot be read, once each."""
        found = {key: str(each) for key, each in wanted.items() if isinstance(each, UsageError)}
        for key, problem in found.items():
            if self._unreadable.get(key) != problem:
                log.error("Slack: %s: %s", key, problem)
        self._unreadable = found

    async def _end(self, key: str, workspace: _Workspace) -> None:
        del self._workspaces[key]
        if workspace.task is not None:
            workspace.task.cancel()
            # Awaiting the task itself could not tell its cancellation from that of the platform.
            await asyncio.wait((workspace.task,))
        log.info("Slack: %s is disconnected", key)

    async def _serve(self, key: str, workspace: _Workspace) -> None:
        try:
            await workspace.serving.run()
        except UserError as error:
            if key == OF_SETTINGS:
                raise
            workspace.problem = str(error)
            log.error("Slack: %s: %s", key, error)

    def _workspace(self, key: str, access: Access) -> _Workspace:
        chat = self._open_chat(key, access)
        if chat.requests is not None:
            chat.requests.expect(key, access.organisation)

        async def serve() -> None:
            if self._inbox is not None:  # `run` sets it before it serves anything
                await chat.run(self._inbox)

        name = f"slack:{key}" if key else "slack"
        serving = Supervised(name, serve, clock=self._clock, sleep=self._sleep)
        return _Workspace(access, chat, serving)


def _named(name: str, condition: Condition) -> Condition:
    return replace(condition, name=name)
