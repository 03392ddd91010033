"""Previews: a day's digest as it would be posted; nothing is posted."""

from datetime import date, datetime, tzinfo

from bot.archive.domain import present_entry
from bot.archive.store import entries
from bot.channels.domain.digest_options import Layout
from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef
from bot.digest.domain import present_digest
from bot.digest.domain.digest import compile_digest
from bot.digest.services import subscribe
from bot.digest.services.filtered import matching, tag_filter
from bot.digest.services.plan import Voices


async def preview(
    db: Database, day: date | None, *, now: datetime, zone: tzinfo, say: Translate
) -> tuple[Document, ...]:
    """All entries of a day (default: today in `zone`), a message per paper, in every language.

    Without entries, one message says so.
    """
    on = day or now.astimezone(zone).date()
    async with db.reading() as tx:
        digest = compile_digest(await entries.on_date(tx, on), on=on)
    languages = present_entry.LANGUAGES
    posts = present_digest.present_digest(
        digest, languages=languages, layout=Layout.PAPERS, say=say
    )
    nothing = present_digest.present_day(on, (), languages=languages, say=say)
    return tuple(post.document for post in posts) or (nothing,)


async def preview_for(
    db: Database, channel: ChannelRef, day: date | None, *, now: datetime, voices: Voices
) -> tuple[Document, ...]:
    """The channel's digest of a day (default: its today), posted before or not.

    Raises `NotFoundError` if the channel is not subscribed, `UserError` if its filter cannot be read.
    """
    subscription = await subscribe.get(db, channel)
    options = subscription.options
    on = day or now.astimezone(options.schedule.zone).date()
    async with db.reading() as tx:
        found = await matching(tx, subscription, on, await entries.on_date(tx, on))
        tags = await tag_filter(tx, options)
    digest = compile_digest(found, on=on, tags=tags, most=options.most)
    say = voices(options.spoken)
    posts = present_digest.present_digest(
        digest, languages=options.languages, layout=options.layout, say=say
    )
    nothing = present_digest.present_day(on, (), languages=options.languages, say=say)
    return tuple(post.document for post in posts) or (nothing,)
