"""The work behind `channel …`: change subscriptions in the database and print them."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import BinaryIO

from bot.channels.domain.digest_options import Intro, RecapChoice, Unapproved
from bot.channels.domain.managers import Manager, ManagersChange, read_person
from bot.channels.domain.subscription import Standing
from bot.channels.domain.typed_schedule import format_weekdays
from bot.cli.channels.options import Given
from bot.cli.database import checker, connections, now, with_database
from bot.cli.output.terminal import print_line, print_remark, translator
from bot.core.database.database import Database
from bot.core.domain.i18n import Translate, error_text
from bot.core.ports import ChannelRef, Platform, parse_channel
from bot.digest.services import managers as named
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.digest.services.subscribe import Status
from bot.discussion.services import preferences
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.services.preferences import TypedPreferences
from bot.mail.services import bounces
from bot.mail.services.bounces import Outcome
from bot.settings import Settings

__all__ = [
    "add",
    "bounced",
    "change",
    "form",
    "list_all",
    "managers",
    "pause",
    "read",
    "remove",
    "reported",
    "resume",
    "show",
    "show_report",
]


def read(given: Given) -> tuple[TypedOptions, TypedPreferences]:
    """What was typed, as options of the digest and preferences of the channel."""
    typed = {name: value for name, value in given.items() if value is not None}
    wanted = TypedPreferences.of(typed)
    return TypedOptions(**{name: typed[name] for name in typed if name != "public"}), wanted


def add(ref: str, words: TypedOptions, wanted: TypedPreferences) -> Status:
    """Subscribe a channel; raises `UserError`."""

    async def act(db: Database, settings: Settings, channel: ChannelRef) -> ChannelRef:
        talk = _talk(db)
        await preferences.check(talk, channel, wanted)
        if channel.platform is Platform.MAIL:
            return await _ask_address(db, settings, channel, words)
        added = await subscribe.add(
            db,
            channel,
            words,
            now=now(),
            check=checker(db, settings),
            connected=connections(db, settings),
        )
        known = parse_channel(added.channel)
        await preferences.change(talk, known, wanted)
        return known

    return _done(ref, act, make=True)


def _talk(db: Database) -> DiscussionContext:
    from bot.core.catalogue import Catalogues

    return DiscussionContext(db, now, Catalogues())


async def _ask_address(
    db: Database, settings: Settings, channel: ChannelRef, words: TypedOptions
) -> ChannelRef:
    from bot.app import mail
    from bot.core.catalogue import Catalogues
    from bot.mail.services import opt_in

    asking = mail.asking(settings, Catalogues())
    await opt_in.add(db, channel, words, opt_in.Asker(), asking, now=now())
    return channel


def bounced(ref: str) -> Status:
    """Stop the digest of an address whose messages came back; raises `UserError`."""

    async def act(db: Database, _: Settings, channel: ChannelRef) -> ChannelRef:
        from bot.mail.services import opt_in

        await opt_in.note_bounce(db, channel, now=now())
        return channel

    return _done(f"mail:{ref.removeprefix('mail:')}", act)


def reported(file: BinaryIO) -> tuple[Outcome, Status | None]:
    """What became of a message that may be a bounce, and the address's subscription."""
    from bot.mail.domain.bounce_report import LARGEST

    data = file.read(LARGEST + 1)

    async def work(db: Database, _: Settings) -> tuple[Outcome, Status | None]:
        outcome, channel = await bounces.note_report(db, data, now=now())
        if outcome is not Outcome.STOPPED or channel is None:
            return outcome, None
        return outcome, await subscribe.status(db, channel, now=now())

    return with_database(work)


def show_report(found: tuple[Outcome, Status | None]) -> None:
    """Print the subscription that has stopped, or why none has. A mail server may be the reader."""
    say = translator()
    match found:
        case (_, Status() as status):
            show(status)
        case (Outcome.BEFORE, _):
            print_remark(say("The address gets no digest at present: nothing was changed."))
        case (Outcome.NOT_FINAL, _):
            print_remark(
                say("The report does not say that the address gets no mail: nothing was changed.")
            )
        case _:
            print_remark(
                say(
                    "This is no report of a message of this bot that came back: nothing was changed. "
                    "Give the address itself if you know it."
                )
            )


def change(ref: str, words: TypedOptions, wanted: TypedPreferences) -> Status:
    """Change the options from now on; raises `UserError`."""

    async def act(db: Database, _: Settings, channel: ChannelRef) -> ChannelRef:
        known = parse_channel((await subscribe.get(db, channel)).channel)
        talk = _talk(db)
        await preferences.check(talk, known, wanted)
        await subscribe.change(db, known, words, now=now())
        await preferences.change(talk, known, wanted)
        return known

    return _done(ref, act)


def pause(ref: str) -> Status:
    """Pause the digest; raises `UserError`."""

    async def act(db: Database, _: Settings, channel: ChannelRef) -> ChannelRef:
        await subscribe.pause(db, channel, now=now())
        return channel

    return _done(ref, act)


def resume(ref: str) -> Status:
    """Resume the digest; raises `UserError`."""

    async def act(db: Database, settings: Settings, channel: ChannelRef) -> ChannelRef:
        await subscribe.resume(
            db,
            channel,
            now=now(),
            check=checker(db, settings),
            connected=connections(db, settings),
        )
        return channel

    return _done(ref, act)


def remove(ref: str) -> None:
    """End the subscription and print that it is removed; raises `UserError`."""
    channel = parse_channel(ref)

    async def act(db: Database, _: Settings) -> str:
        return (await subscribe.remove(db, channel, now=now())).channel

    removed = with_database(act)
    print_line(translator()("{channel}: the subscription is removed.", channel=removed))


def managers(ref: str, added: Sequence[str], removed: Sequence[str]) -> tuple[Manager, ...]:
    """Name and remove people by id, then list those who are named; raises `UserError`."""
    channel = parse_channel(ref)
    wanted = ManagersChange(
        added=tuple(read_person(each, channel.platform) for each in added),
        removed=tuple(read_person(each, channel.platform) for each in removed),
    )

    async def work(db: Database, _: Settings) -> tuple[Manager, ...]:
        await subscribe.get(db, channel)  # A mistyped channel is an error.
        if added or removed:
            await named.change(db, channel, wanted, names={}, changed_by="", now=now())
        return await named.list_named(db, channel)

    return with_database(work)


def list_all() -> tuple[Status, ...]:
    """List every subscription that was not removed."""

    async def work(db: Database, _: Settings) -> tuple[Status, ...]:
        return tuple(
            [
                await subscribe.status(db, parse_channel(each.channel), now=now())
                for each in await subscribe.list_all(db)
            ]
        )

    return with_database(work)


def _done(
    ref: str,
    act: Callable[[Database, Settings, ChannelRef], Awaitable[ChannelRef]],
    *,
    make: bool = False,
) -> Status:
    """The channel's status after `act`, which may find the channel's full name."""
    channel = parse_channel(ref)

    async def work(db: Database, settings: Settings) -> Status:
        known = await act(db, settings, channel)
        return await subscribe.status(db, known, now=now())

    return with_database(work, make=make)


def form(status: Status) -> dict[str, object]:
    """A subscription as JSON."""
    subscription, options = status.subscription, status.subscription.options
    upcoming = status.next_slot
    return {
        "channel": subscription.channel,
        "standing": str(subscription.standing),
        "reason": subscription.reason,
        "at": f"{options.schedule.at:%H:%M}",
        "tz": options.schedule.zone.key,
        "weekdays": format_weekdays(options.schedule.weekdays),
        "languages": [str(language) for language in options.languages],
        "interface": str(options.spoken),
        "tags": options.tags,
        "layout": str(options.layout),
        "intro": str(options.intro),
        "most": options.most,
        "recap": str(options.recap),
        "only": options.only,
        "quiet": str(options.quiet or "off"),
        "unapproved": str(options.unapproved),
        "public_since": status.public_since.isoformat() if status.public_since else None,
        "since": options.since.isoformat(),
        "next_at": upcoming.at.isoformat() if upcoming is not None else None,
        "last_on": status.last_on.isoformat() if status.last_on is not None else None,
        "open": status.tally.open,
        "held": status.tally.held,
        "dead": status.tally.dead,
    }


def show(status: Status) -> None:
    """Print a subscription in a line or two."""
    say = translator()
    subscription, options = status.subscription, status.subscription.options
    words = [
        subscription.channel,
        str(subscription.standing),
        f"{options.schedule.at:%H:%M} {options.schedule.zone.key}",
        format_weekdays(options.schedule.weekdays),
        ",".join(options.languages),
        options.layout,
        options.tags or say("all"),
    ]
    if options.interface is not None:
        words.insert(5, f"interface:{options.interface}")
    if options.intro is not Intro.ON:
        words.append(f"intro:{options.intro}")
    if options.only:
        words.append(f'only:"{options.only}"')
    if options.quiet is not None:
        words.append(f"quiet:{options.quiet}")
    if options.unapproved is not Unapproved.POST:
        words.append(f"unapproved:{options.unapproved}")
    if options.recap is not RecapChoice.OFF:
        words.append(f"recap:{options.recap}")
    if status.public_since is not None:
        words.append("public:on")
    if subscription.standing is Standing.MANUAL:
        del words[2:4]
    if status.next_slot is not None:
        at = status.next_slot.at.astimezone(options.schedule.zone)
        words.append(say("next: {at}", at=f"{at:%Y-%m-%d %H:%M}"))
    if status.tally.held or status.tally.dead:
        words.append(
            say("held: {held}, dead: {dead}", held=status.tally.held, dead=status.tally.dead)
        )
    print_line("  ".join(words))
    for line in _reasons(status, say):
        print_line(f"  {line}")


def _reasons(status: Status, say: Translate) -> Iterator[str]:
    """Why nothing is posted, if so."""
    subscription = status.subscription
    if subscription.reason:
        detail = f": {subscription.detail}" if subscription.detail else ""
        yield f"{say(subscription.reason)}{detail}"
    if status.problem is not None:
        yield from error_text(status.problem, say).splitlines()
