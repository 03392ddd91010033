"""Subscriptions as rows."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.archive.domain.entry import Language
from bot.channels.domain.digest_options import Intro, Layout, RecapChoice, Unapproved
from bot.channels.domain.quiet_hours import parse_quiet, quiet_until
from bot.channels.domain.schedule import Schedule
from bot.channels.domain.subscription import DigestOptions, Standing, Subscription
from bot.core.database.database import Engine, Parameters, Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.database.postgresql import identity
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.ports import ChannelRef, parse_channel

_COLUMNS = """
SELECT id, channel, standing, at, zone, weekdays, languages, tags, layout, most, intro, interface, since,
       replay_until, doubt_from, reason, detail, created_by, created_at, changed_at, recap, recap_since,
       recap_on, only_query, quiet, unapproved
  FROM subscription
"""


async def guard(tx: Transaction, *channels: str) -> None:
    """For whoever changes the subscriptions of channels, or plans or stops their digests.

    One channel may have a reference in each workspace that shares it: their guard is the same.
    """
    await tx.guard(*guards_of(*channels))


def guards_of(*channels: str) -> list[str]:
    """The names that `guard` takes, where others are taken with them."""
    places = (channel.partition(":") for channel in channels)
    return sorted(
        {f"subscription:{platform}:{place.rpartition('/')[2]}" for platform, _, place in places}
    )


async def add(
    tx: Transaction,
    channel: str,
    options: DigestOptions,
    *,
    standing: Standing,
    now: datetime,
    next_at: datetime | None,
    created_by: str = "",
    replay_until: date | None = None,
) -> Subscription:
    """Subscribe the channel; an existing row, also a removed one, gets these options."""
    row = await tx.one(
        """
        INSERT INTO subscription (channel, standing, at, zone, weekdays, languages, tags, layout,
                                  most, intro, interface, since, replay_until, next_at, created_by,
                                  created_at, changed_at, recap, recap_since, recap_at, only_query, quiet,
                                  unapproved)
        VALUES (:channel, :standing, :at, :zone, :weekdays, :languages, :tags, :layout,
                :most, :intro, :interface, :since, :replay_until, :next_at, :created_by, :now, :now, :recap,
                :now, CASE WHEN :recap <> 'off' THEN :now END, :only, :quiet, :unapproved)
        ON CONFLICT (channel) DO UPDATE
           SET standing = :standing, at = :at, zone = :zone, weekdays = :weekdays,
               languages = :languages, tags = :tags, layout = :layout, most = :most,
               intro = :intro, interface = :interface, since = :since, replay_until = :replay_until,
               next_at = :next_at, recap = :recap, recap_since = :now,
               only_query = :only, quiet = :quiet, unapproved = :unapproved,
               recap_at = CASE WHEN :recap <> 'off' THEN :now END,
               created_by = :created_by, changed_at = :now, doubt_from = NULL, told_at = NULL,
               reason = '', detail = ''
        RETURNING *
        """,
        {
            "channel": channel,
            "standing": standing,
            "replay_until": replay_until.isoformat() if replay_until else None,
            "next_at": to_text(next_at) if next_at else None,
            "created_by": created_by,
            "now": to_text(now),
            **_options_row(options),
        },
    )
    assert row is not None  # noqa: S101 — it was inserted or updated
    if tx.engine is Engine.POSTGRESQL:
        await tx.call(identity.keep)  # from now on a backup may lack posts
    return _subscription(row)


async def update(
    tx: Transaction,
    subscription_id: int,
    options: DigestOptions,
    *,
    standing: Standing,
    now: datetime,
    next_at: datetime | None,
) -> None:
    """Store new options and standing; with another standing the reason of the former one is cleared."""
    await tx.run(
        """
        UPDATE subscription
           SET standing = :standing, at = :at, zone = :zone, weekdays = :weekdays,
               languages = :languages, tags = :tags, layout = :layout, most = :most,
               intro = :intro, interface = :interface, since = :since, next_at = :next_at,
               changed_at = :now,
               reason = CASE WHEN standing = :standing THEN reason ELSE '' END,
               detail = CASE WHEN standing = :standing THEN detail ELSE '' END,
               recap_since = CASE WHEN recap = :recap AND standing = :standing
                   THEN coalesce(recap_since, :now) ELSE :now END,
               recap_at = CASE WHEN :recap <> 'off' THEN :now END, recap = :recap,
               only_query = :only, quiet = :quiet, unapproved = :unapproved
         WHERE id = :id
        """,
        {
            "id": subscription_id,
            "standing": standing,
            "next_at": to_text(next_at) if next_at else None,
            "now": to_text(now),
            **_options_row(options),
        },
    )


def _options_row(options: DigestOptions) -> Parameters:
    return {
        "at": options.schedule.at.isoformat("minutes"),
        "zone": options.schedule.zone.key,
        "weekdays": "".join(map(str, sorted(options.schedule.weekdays))),
        "languages": ",".join(options.languages),
        "tags": options.tags,
        "layout": options.layout,
        "most": options.most,
        "intro": options.intro,
        "interface": options.interface,
        "recap": options.recap,
        "only": options.only,
        "quiet": str(options.quiet or ""),
        "unapproved": options.unapproved,
        "since": options.since.isoformat(),
    }


async def find(tx: Transaction, channel: str) -> Subscription | None:
    """The channel's subscription, also a removed one.

    A channel may be named without its workspace (`slack:C0123`), as operators do; raises `UsageError`
    if that id is subscribed in several workspaces.
    """
    rows = await tx.all(_COLUMNS + "WHERE channel = :channel", {"channel": channel})
    if not rows and "/" not in channel:
        platform, _, place = channel.partition(":")
        rows = await tx.all(
            _COLUMNS
            + """WHERE substr(channel, 1, length(:start)) = :start
                   AND substr(channel, length(channel) - length(:end) + 1) = :end
                 ORDER BY channel""",
            {"start": f"{platform}:", "end": f"/{place}"},
        )
    if len(rows) > 1:
        known = ", ".join(row["channel"] for row in rows)
        raise UsageError(
            translatable("“{channel}” is in several workspaces; write one of: {known}"),
            channel=channel,
            known=known,
        )
    return _subscription(rows[0]) if rows else None


async def list_of_id(tx: Transaction, channel: ChannelRef) -> tuple[Subscription, ...]:
    """The subscriptions of a channel's id in every workspace, also removed ones, the oldest first."""
    rows = await tx.all(
        _COLUMNS + "WHERE channel LIKE :pattern ORDER BY id",
        {"pattern": f"{channel.platform}:%/{channel.id}"},
    )
    found = map(_subscription, rows)
    return tuple(each for each in found if parse_channel(each.channel).id == channel.id)


async def get(tx: Transaction, subscription_id: int) -> Subscription:
    """The subscription of that id; it must exist."""
    row = await tx.one(_COLUMNS + "WHERE id = :id", {"id": subscription_id})
    if row is None:
        raise KeyError(subscription_id)
    return _subscription(row)


async def list_all(tx: Transaction) -> tuple[Subscription, ...]:
    """Every subscription that was not removed, by channel."""
    rows = await tx.all(
        _COLUMNS + "WHERE standing <> :removed ORDER BY channel", {"removed": Standing.REMOVED}
    )
    return tuple(map(_subscription, rows))


async def find_quiet(tx: Transaction, channel: str, now: datetime) -> tuple[datetime, str] | None:
    """When the channel's quiet hours end, as an instant and as its clocks show it; `None` if it is loud."""
    row = await tx.one(
        "SELECT quiet, zone FROM subscription WHERE channel = :channel AND standing <> :removed",
        {"channel": channel, "removed": Standing.REMOVED},
    )
    quiet = parse_quiet(row["quiet"]) if row is not None and row["quiet"] else None
    if row is None or quiet is None:
        return None
    until = quiet_until(quiet, ZoneInfo(row["zone"]), now)
    return (until, f"{until.astimezone(ZoneInfo(row['zone'])):%H:%M}") if until else None


async def list_to_ask(tx: Transaction, now: datetime, limit: int) -> tuple[tuple[int, str], ...]:
    """Subscriptions that planning should look at now, the longest overdue first: ids and channels."""
    rows = await tx.all(
        """
        SELECT id, channel FROM subscription
         WHERE next_at <= :now AND standing = :active ORDER BY next_at LIMIT :limit
        """,
        {"now": to_text(now), "active": Standing.ACTIVE, "limit": limit},
    )
    return tuple((row["id"], row["channel"]) for row in rows)


async def next_to_ask(tx: Transaction) -> datetime | None:
    """When planning is to look at the next one; `None` where none is active."""
    row = await tx.one(
        "SELECT min(next_at) AS at FROM subscription WHERE next_at IS NOT NULL AND standing = :active",
        {"active": Standing.ACTIVE},
    )
    return from_text(row["at"]) if row and row["at"] else None


async def ask_at(tx: Transaction, subscription_id: int, at: datetime) -> None:
    """Have planning look at it again at that instant, if it is active."""
    await tx.run(
        "UPDATE subscription SET next_at = :at WHERE id = :id AND standing = :active",
        {"id": subscription_id, "at": to_text(at), "active": Standing.ACTIVE},
    )


async def list_recaps_to_ask(
    tx: Transaction, now: datetime, limit: int
) -> tuple[tuple[int, str], ...]:
    """Subscriptions whose recap should be looked at now: ids and channels."""
    rows = await tx.all(
        """
        SELECT id, channel FROM subscription
         WHERE recap_at <= :now AND standing = :active ORDER BY recap_at, id LIMIT :limit
        """,
        {"now": to_text(now), "active": Standing.ACTIVE, "limit": limit},
    )
    return tuple((row["id"], row["channel"]) for row in rows)


async def next_recap_to_ask(tx: Transaction) -> datetime | None:
    """When a recap is to be looked at next; `None` where none is wanted."""
    row = await tx.one(
        "SELECT min(recap_at) AS at FROM subscription WHERE recap_at IS NOT NULL AND standing = :active",
        {"active": Standing.ACTIVE},
    )
    return from_text(row["at"]) if row and row["at"] else None


async def ask_recap_at(
    tx: Transaction, subscription_id: int, at: datetime, *, closed: date | None = None
) -> None:
    """Look at its recaps again at that instant; with `closed`, the one of that date is planned."""
    await tx.run(
        """
        UPDATE subscription SET recap_at = :at, recap_on = coalesce(:closed, recap_on)
         WHERE id = :id AND recap <> 'off'
        """,
        {
            "id": subscription_id,
            "at": to_text(at),
            "closed": closed.isoformat() if closed is not None else None,
        },
    )


async def ask_all(tx: Transaction, now: datetime) -> None:
    """Have planning look at every active one now: the rules of its zone may have changed."""
    await tx.run(
        """
        UPDATE subscription
           SET next_at = :now, recap_at = CASE WHEN recap <> 'off' THEN :now END
         WHERE standing = :active
        """,
        {"now": to_text(now), "active": Standing.ACTIVE},
    )


async def replay(
    tx: Transaction, subscription_id: int, until: date | None, doubt_from: datetime | None
) -> None:
    """Replay each day until then as its own slot; `None` ends the replay and the doubt."""
    await tx.run(
        "UPDATE subscription SET replay_until = :until, doubt_from = :doubt WHERE id = :id",
        {
            "id": subscription_id,
            "until": until.isoformat() if until else None,
            "doubt": to_text(doubt_from) if doubt_from else None,
        },
    )


async def give_reason(tx: Transaction, subscription_id: int, reason: str) -> None:
    """Why it is paused; forgotten with the next change of its standing."""
    await tx.run(
        "UPDATE subscription SET reason = :reason WHERE id = :id",
        {"id": subscription_id, "reason": reason},
    )


async def refuse(tx: Transaction, channel: str, reason: str, detail: str, now: datetime) -> bool:
    """Record that the platform refuses the channel; returns whether an active one was stopped."""
    changed = await tx.run(
        """
        UPDATE subscription
           SET standing = :refused, reason = :reason, detail = :detail, next_at = NULL,
               told_at = NULL, changed_at = :now
         WHERE channel = :channel AND standing = :active
        """,
        {
            "channel": channel,
            "reason": reason,
            "detail": detail,
            "now": to_text(now),
            "refused": Standing.REFUSED,
            "active": Standing.ACTIVE,
        },
    )
    return changed > 0


async def list_untold(tx: Transaction) -> tuple[Subscription, ...]:
    """Refused subscriptions that were not reported to the operator yet."""
    rows = await tx.all(
        _COLUMNS + "WHERE standing = :refused AND told_at IS NULL", {"refused": Standing.REFUSED}
    )
    return tuple(map(_subscription, rows))


async def mark_told(tx: Transaction, told: Subscription, now: datetime) -> None:
    """Record that this refusal was reported, unless the subscription was changed since it was read."""
    await tx.run(
        """
        UPDATE subscription SET told_at = :now
         WHERE id = :id AND standing = :refused AND changed_at = :seen
        """,
        {
            "id": told.id,
            "now": to_text(now),
            "refused": Standing.REFUSED,
            "seen": to_text(told.changed_at),
        },
    )


def _subscription(row: Row) -> Subscription:
    schedule = Schedule(
        at=time.fromisoformat(row["at"]),
        zone=ZoneInfo(row["zone"]),
        weekdays=frozenset(map(int, row["weekdays"])),
    )
    return Subscription(
        id=row["id"],
        channel=row["channel"],
        standing=Standing(row["standing"]),
        options=DigestOptions(
            schedule=schedule,
            since=date.fromisoformat(row["since"]),
            languages=tuple(map(Language, row["languages"].split(","))),
            tags=row["tags"],
            layout=Layout(row["layout"]),
            most=row["most"],
            intro=Intro(row["intro"]),
            interface=Language(row["interface"]) if row["interface"] else None,
            recap=RecapChoice(row["recap"]),
            only=row["only_query"],
            quiet=parse_quiet(row["quiet"]) if row["quiet"] else None,
            unapproved=Unapproved(row["unapproved"]),
        ),
        created_at=from_text(row["created_at"]),
        changed_at=from_text(row["changed_at"]),
        created_by=row["created_by"],
        replay_until=date.fromisoformat(row["replay_until"]) if row["replay_until"] else None,
        doubt_from=from_text(row["doubt_from"]) if row["doubt_from"] else None,
        reason=row["reason"],
        detail=row["detail"],
        recap_since=from_text(row["recap_since"]) if row["recap_since"] else None,
        recap_on=date.fromisoformat(row["recap_on"]) if row["recap_on"] else None,
    )
