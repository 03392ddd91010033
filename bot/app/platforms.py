"""The platforms that are set up, each as a chat with what belongs to it.

An SDK takes a while to import, so each is imported only where its platform is in use.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import SecretStr

from bot.app.parts import GATEWAY, PLAN, HeldPart, post
from bot.core.database.database import Database
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate
from bot.core.ports import (
    ChannelRef,
    Chat,
    Condition,
    Finding,
    KeyValueStore,
    MessageRef,
    Platform,
    ProcessedEvents,
    Replies,
    Rights,
    User,
)
from bot.core.services.holdings import Holdings
from bot.digest.services.shared_channels import Connected
from bot.digest.services.subscribe import Check
from bot.discussion.services.answers import Link as Address
from bot.outbox.domain.rate_limit import Rate, Rates
from bot.platforms.discord import addresses as discord_addresses
from bot.platforms.discord.access import Access as DiscordAccess
from bot.platforms.slack import addresses as slack_addresses
from bot.platforms.slack.access import Access as SlackAccess
from bot.platforms.web import addresses as web_addresses
from bot.settings import Settings
from bot.workspaces.domain.slack_app import Kind, Tokens
from bot.workspaces.services import grants, origin, slack_apps
from bot.workspaces.store.slack_apps import StoredApp

FoundApps = Mapping[str, SlackAccess | UsageError]
"""The apps of Slack workspaces that were added, by workspace; the error where tokens cannot be read."""
FindApps = Callable[[], Awaitable[FoundApps]]

RATES: Mapping[str, Rates] = {
    # Slack: about one message a second a channel; several hundred a minute a workspace.
    Platform.SLACK: Rates(channel=Rate(1, 1.0), workspace=Rate(8, 1.0)),
    # Discord: 5 in 5 s a channel; 50 requests a second a bot, which its adapter keeps to exactly,
    # since threads and edits are requests as well. A few more may start, so that one always waits
    # there when the next may be sent.
    Platform.DISCORD: Rates(channel=Rate(5, 5.0), platform=Rate(55, 1.0)),
    # Mail servers take some tens of messages a minute from a user before they defer them.
    Platform.MAIL: Rates(channel=Rate(1, 1.0), platform=Rate(2, 1.0)),
}


@dataclass(frozen=True, slots=True)
class Joined:
    """A platform that the bot has joined.

    `check` asks it whether the bot may post in a channel; `condition` is how it is, `workspaces`
    how each of its workspaces is; `mounts` are what the bot's web server serves for it, by path
    prefix. `address` is set where it knows a message's address better than `message_address`.
    `rights` are what it says of people who sign in on the web; `guilds` are Discord's.
    `connected` tells which workspaces share a channel, where there may be several. `parts` are the
    names of its work by which processes share it. `vets` tells whether the operator knows the workspace
    or server where somebody is; without it all are known.
    """

    chat: Chat
    check: Check
    condition: Callable[[], Condition]
    mounts: Mapping[str, Any] = field(default_factory=dict)
    workspaces: Callable[[], Sequence[Condition]] = tuple
    address: Callable[[MessageRef, MessageRef | None], str] | None = None
    rights: Rights | None = None
    guilds: Callable[[], Awaitable[frozenset[str]]] | None = None
    connected: Connected | None = None
    parts: Callable[[], Collection[str]] = tuple
    vets: Callable[[ChannelRef, User], Awaitable[bool]] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What every platform's adapter is given of the bot.

    `requests_a_second` says how many this process may send to Discord at present.
    """

    seen: ProcessedEvents
    memo: KeyValueStore
    replies: Replies
    voices: Callable[[str], Translate]
    clock: Callable[[], datetime]
    work: Holdings
    requests_a_second: Callable[[], int]


def join(
    settings: Settings,
    given: Given,
    db: Database,
    *,
    find_apps: FindApps,
    mail: Callable[[], Joined] | None = None,
) -> Mapping[Platform, Joined]:
    """Everything that is set up but the web chat, which always is; nothing is connected yet."""
    joined: dict[Platform, Joined] = {}
    if settings.slack_is_on or settings.secret_key:
        joined[Platform.SLACK] = _slack(settings, given, db, find_apps)
    if settings.discord_is_on:
        joined[Platform.DISCORD] = _discord(settings, given)
    if mail is not None:
        joined[Platform.MAIL] = mail()
    return joined


def message_address(
    message: MessageRef,
    root: MessageRef | None = None,
) -> str | None:
    """Where a person reads a message; for the web chat a path, of use only within it.

    `root` is set for a reply in its thread.
    """
    match message.channel.platform:
        case Platform.SLACK:
            return slack_addresses.message_address(message, root)
        case Platform.DISCORD:
            return discord_addresses.message_address(message)
        case Platform.WEB:
            return web_addresses.message_address(message)
        case Platform.MAIL:
            return None


def addresses(joined: Mapping[Platform, Joined]) -> Address:
    """`message_address`, in the words of the platforms that are joined: they know their workspace."""

    def address(message: MessageRef, root: MessageRef | None = None, /) -> str | None:
        found = joined.get(message.channel.platform)
        if found is None or found.address is None:
            return message_address(message, root)
        return found.address(message, root)

    return address


async def examine(
    settings: Settings,
    apps: Mapping[str, SlackAccess],
    channels: Mapping[Platform, Sequence[ChannelRef]],
    *,
    organisations: Mapping[str, SlackAccess],
    clock: Callable[[], datetime],
    say: Translate,
) -> tuple[Finding, ...]:
    """What is wrong with the platforms that are set up, and with their `channels`.

    `apps` are the added Slack apps, each of which is asked about the channels of its workspace, and
    `organisations` those that installed the app, which are asked for their workspaces.
    """
    findings: list[Finding] = []
    if settings.slack_is_on or apps or organisations:
        from bot.platforms.slack import doctor  # noqa: PLC0415 - as the module says

        if settings.slack_is_on:
            others = [each for each in channels[Platform.SLACK] if each.workspace not in apps]
            findings += await doctor.check(slack_access(settings), others, clock=clock, say=say)
        for workspace, access in apps.items():
            theirs = [each for each in channels[Platform.SLACK] if each.workspace == workspace]
            found = await doctor.check(access, theirs, clock=clock, say=say)
            findings += [replace(each, subject=f"{workspace}: {each.subject}") for each in found]
        for organisation, access in organisations.items():
            findings.append(await doctor.check_organisation(organisation, access, say=say))
    if settings.discord_is_on:
        from bot.platforms.discord import doctor as checks  # noqa: PLC0415 - as the module says

        findings += await checks.check(
            discord_access(settings),
            channels[Platform.DISCORD],
            say=say,
            names_curators=bool(settings.curators),
        )
    return tuple(findings)


def _slack(settings: Settings, given: Given, db: Database, find_apps: FindApps) -> Joined:
    from bot.app.slack import install_requests  # noqa: PLC0415 - as the module says
    from bot.app.slack.installations import SlackInstallations  # noqa: PLC0415 - likewise
    from bot.app.slack.organisations import SlackOrganisations  # noqa: PLC0415 - likewise
    from bot.app.slack.workspaces import SlackWorkspaces  # noqa: PLC0415 - as the module says
    from bot.platforms.slack.chat import SlackChat  # noqa: PLC0415 - as the module says
    from bot.platforms.slack.requests import signed_requests  # noqa: PLC0415 - as the module says
    from bot.platforms.slack.requests.ack_gate import AckGate  # noqa: PLC0415 - as the module says

    installations = SlackInstallations(db, settings, clock=given.clock)
    organisations = SlackOrganisations(db, settings, clock=given.clock)

    def open_chat(workspace: str, access: SlackAccess) -> SlackChat:
        return SlackChat(
            access,
            seen=EventsOf(workspace, given.seen) if workspace else given.seen,
            memo=given.memo,
            replies=given.replies,
            voices=given.voices,
            clock=given.clock,
            removed=installations.end,
            part_of=lambda team: HeldPart(given.work, post(Platform.SLACK, team)),
        )

    fixed = slack_access(settings) if settings.slack_is_on else None
    exchange = install_requests.exchange_by(settings, clock=given.clock)
    slack = SlackWorkspaces(
        fixed,
        find_apps,
        open_chat,
        clock=given.clock,
        sleep=asyncio.sleep,
        refresh=partial(installations.refresh, exchange) if settings.slack_installs else None,
        organisations=organisations,
        asking=HeldPart(given.work, PLAN),
        added_itself=partial(origin.added_itself, db),
    )

    def receivers() -> list[signed_requests.SignedRequests]:
        return [chat.requests for chat in slack.chats() if chat.requests is not None]

    shared = None
    if settings.slack_installs:
        secret = _revealed(settings.slack_signing_secret) or ""
        shared = signed_requests.SignedRequests(secret, clock=given.clock, gate=AckGate())
    served = signed_requests.application(receivers, shared, organisations)
    if shared is not None:
        install_requests.make(settings, installations, given.voices).add_to(served)
    return Joined(
        slack,
        slack.check,
        lambda: slack.condition,
        {"/slack": served},
        lambda: slack.conditions,
        slack.address,
        rights=slack,
        connected=slack.find_connected,
        parts=lambda: [post(Platform.SLACK, team) for team in slack.teams()],
        vets=slack.vets,
    )


@dataclass(frozen=True, slots=True)
class EventsOf:
    """`ProcessedEvents` of one workspace: ids of events may repeat in another one."""

    workspace: str
    events: ProcessedEvents

    async def is_known(self, event_id: str) -> bool:
        return await self.events.is_known(f"{self.workspace}/{event_id}")

    async def first_time(self, event_id: str) -> bool:
        return await self.events.first_time(f"{self.workspace}/{event_id}")


async def find_slack_apps(db: Database, settings: Settings) -> FoundApps:
    """The workspaces that were added or installed the app, and did not remove it.

    Those of an organisation are served by its token, unless they have one of their own. Where tokens
    cannot be decrypted, only what they are for has the error.
    """
    stored = [each for each in await slack_apps.list_stored(db) if not each.ended]
    accesses = {each.workspace: _access_of(each, settings) for each in stored}
    found = {
        each.workspace: accesses[each.workspace]
        for each in stored
        if each.kind is not Kind.ORGANISATION
    }
    if len(found) == len(stored):
        return found
    for grant in await grants.list_grants(db):
        access = accesses.get(grant.organisation)
        if grant.workspace in found or access is None:
            continue
        if not isinstance(access, UsageError):
            access = replace(access, team=grant.workspace, organisation=grant.organisation)
        found[grant.workspace] = access
    return found


async def find_slack_organisations(db: Database, settings: Settings) -> FoundApps:
    """The organisations that installed the app, and did not remove it; errors as of workspaces."""
    return {
        each.workspace: _access_of(each, settings)
        for each in await slack_apps.list_stored(db)
        if each.kind is Kind.ORGANISATION and not each.ended
    }


def _access_of(stored: StoredApp, settings: Settings) -> SlackAccess | UsageError:
    try:
        tokens = slack_apps.decrypted(stored, settings.secret_keys).tokens
    except UsageError as error:
        return error
    return app_access(settings, tokens, stored.kind)


def readable(apps: FoundApps) -> dict[str, SlackAccess]:
    """The apps whose tokens can be read."""
    return {
        workspace: access
        for workspace, access in apps.items()
        if not isinstance(access, UsageError)
    }


def app_access(settings: Settings, tokens: Tokens, kind: Kind = Kind.OWN) -> SlackAccess:
    """The tokens of a workspace, as Slack's adapter takes them.

    Requests for all that installed the app of the settings are signed with its one secret.
    """
    secret = tokens.signing_secret
    if kind is not Kind.OWN:
        secret = _revealed(settings.slack_signing_secret)
    return SlackAccess(
        bot_token=tokens.bot_token,
        app_token=tokens.app_token,
        signing_secret=secret,
        api_base=settings.slack_api_base,
    )


def slack_access(settings: Settings) -> SlackAccess:
    """What Slack gave the operator, as its adapter takes it."""
    return SlackAccess(
        bot_token=_revealed(settings.slack_bot_token) or "",
        app_token=_revealed(settings.slack_app_token),
        signing_secret=_revealed(settings.slack_signing_secret),
        api_base=settings.slack_api_base,
    )


def _discord(settings: Settings, given: Given) -> Joined:
    from bot.platforms.discord.chat import DiscordChat  # noqa: PLC0415 - as the module says
    from bot.platforms.discord.http_hooks import HttpHooks  # noqa: PLC0415 - as the module says

    access = discord_access(settings)
    posting = HeldPart(given.work, post(Platform.DISCORD))
    chat = DiscordChat(
        access,
        seen=given.seen,
        memo=given.memo,
        replies=given.replies,
        voices=given.voices,
        clock=given.clock,
        hooks=HttpHooks(per_second=given.requests_a_second),
        part_of=lambda number: HeldPart(given.work, f"{GATEWAY}:{number}"),
        alone=partial(given.work.alone, "discord identify"),
    )
    return Joined(
        chat,
        chat.check,
        lambda: chat.condition,
        workspaces=lambda: chat.conditions,
        rights=chat.rights,
        guilds=chat.rights.guilds,
        vets=chat.vets,
        parts=lambda: [posting.name, *(f"{GATEWAY}:{n}" for n in range(chat.connections))],
    )


def discord_access(settings: Settings) -> DiscordAccess:
    """What Discord gave the operator, as its adapter takes it."""
    return DiscordAccess(
        token=_revealed(settings.discord_token) or "",
        api_base=settings.discord_api_base,
        gateway_url=settings.discord_gateway_url,
        guilds=settings.discord_guilds,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
