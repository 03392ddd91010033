"""`only:` lets through what a look-up of the same text in that channel finds (issue 16, item 4)."""

import random
from dataclasses import replace
from datetime import date
from itertools import islice

from bot.archive.domain.typed_dates import Days
from bot.archive.store import entries, entry_changes
from bot.core.domain.errors import QueryError
from bot.core.ports import parse_channel
from bot.digest.services import filtered, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.lookup.domain.entry_filter import parse_only
from bot.lookup.services import lookup
from tests.archive_stage import NOW, keep
from tests.databases import throw_away
from tests.lookup import generated
from tests.lookup.store.test_engines_agree import talk, texts_of

SEED = 16
QUERIES = 100
ENTRIES = 60


async def test_a_channel_takes_what_a_look_up_there_finds():
    async with throw_away() as db:
        chance = random.Random(SEED)
        ids = await keep(db, *generated.entries(chance, ENTRIES))
        await talk(db, generated.replies(chance, 80, len(ids)), list(ids))
        async with db.transaction() as tx:
            await entry_changes.withdraw(tx, ids[::11], now=NOW)
        async with db.reading() as tx:
            new = (await entries.between(tx, date(2024, 6, 1), date(2025, 12, 31)))[::2]
        new_ids = {each.id for each in new}
        words = TypedOptions(at="09:00", zone="Asia/Seoul")
        subscribed = [
            await subscribe.add(db, parse_channel(each), words, now=NOW)
            for each in generated.CHANNELS
        ]
        asked = generated.look_ups(chance, await texts_of(db))

        taken, wanted = {}, {}
        for text in islice(asked, QUERIES):
            try:
                only = parse_only(text, Days(NOW.date()))
            except QueryError:
                continue
            one = chance.choice(subscribed)
            subscription = replace(one, options=replace(one.options, only=only))
            async with db.reading() as tx:
                found = await filtered.matching(tx, subscription, NOW.date(), new)
            results = await lookup.look_up(db, text, per_page=1000, asked_in=one.channel)
            taken[one.channel, text] = {each.id for each in found}
            wanted[one.channel, text] = {each.id for each in results.entries} & new_ids

    assert taken == wanted
    assert sum(map(bool, wanted.values())) > QUERIES // 6
