"""The direct message of a day: what it tells, once, and what it never tells (issue 16, item 1)."""

from datetime import UTC, date, datetime, time

import pytest

from bot.core.domain.document import Note, Paragraph, plain_text
from bot.core.domain.extent import Extent
from bot.core.ports import ChatRefusedError, DeliveryKey, person_id
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.follow.domain.follow import default_schedule
from bot.follow.domain.present_follow import present_follows
from bot.follow.services import follow
from bot.follow.store import readers
from bot.platforms.discord.rendering import render as discord
from bot.platforms.slack.rendering import render as slack
from tests.bench.recorded import RecordedDatabase
from tests.follow_stage import SEOUL, addresses, following, inbox_of, title, told
from tests.stage import english
from tests.talk_stage import ADA, BO, DISCORD, SLACK, WEB

NOON = datetime(2026, 2, 3, 3, tzinfo=UTC)
"""Noon in Seoul on 3 February 2026; the next direct messages are due at 08:30."""


async def test_what_is_new_is_told_once_at_the_readers_hour_with_every_reason(tmp_path):
    async with following(tmp_path, NOON) as stage:
        await stage.follow("#moe", "fine -#old", "author:lovelace")
        await stage.follow("#rl", user=BO)
        await stage.note("Experts", tags="#moe")
        await stage.note("Old", tags="#old #moe")
        await stage.note("Nothing of it", words="보상.", tags="#rl")

        await stage.pass_time(hours=20.4)
        before = stage.messages()
        await stage.pass_time(hours=0.2)
        await stage.pass_time(days=1)

        assert before == []
        (message,) = stage.messages()
        assert title(message.document) == "3 papers are new in what you follow"
        assert told(message.document) == [
            ("Experts", "#moe · author:lovelace · fine -#old"),
            ("Nothing of it", "author:lovelace"),
            ("Old", "#moe · author:lovelace"),
        ]
        assert [told(each.document) for each in stage.messages(BO)] == [[("Nothing of it", "#rl")]]


async def test_an_empty_note_is_told_once_something_is_written_in_it(tmp_path):
    async with following(tmp_path, NOON) as stage:
        await stage.follow("#rl")
        today = stage.clock().date()
        (stage.talk.stage.vault / f"{today:%y%m%d} Started.md").write_text("#rl\n")
        await stage.note("Written", on=today)
        await stage.pass_time(days=1)
        before = [told(each.document) for each in stage.messages()]
        await stage.note("Started", words="Now there is a commentary.", on=today)
        for _ in range(2):
            await stage.pass_time(days=1)

        assert before == [[("Written", "#rl")]]
        assert [told(each.document) for each in stage.messages()][1:] == [[("Started", "#rl")]]


async def test_many_long_follows_are_told_in_one_message(tmp_path):
    """A reader may follow 100 queries of 500 characters: what has no room is counted."""
    async with following(tmp_path, NOON) as stage:
        await stage.follow("#rl", *(f'#rl -"보상 & {n} 모델{" x*" * 25}"' for n in range(30)))
        for number in range(9):
            await stage.note(f"Learning <{number}>", tags="#rl")

        await stage.pass_time(days=2)

        (message,) = stage.messages()
        document = message.document
        why = [reasons for _, reasons in told(document)]
        assert title(document) == "9 papers are new in what you follow"
        assert 1 < len(why) < 9
        assert all(each.startswith("#rl · ") and each.endswith(" · 25 more") for each in why)
        note = next(plain_text(b.inlines) for b in document.blocks if isinstance(b, Note))
        assert note == f"More than fit here: #rl ({9 - len(why)})"
        assert len(slack.render(document, mark="/1")) == 1
        assert len(discord.render(document, DeliveryKey("1"), shown=str)) == 1


async def test_what_was_dated_before_the_follow_is_no_news(tmp_path):
    """An old vault that is imported, and old days that are posted again, send nobody anything."""
    async with following(tmp_path, NOON) as stage:
        await stage.note("Yesterday", on=date(2026, 2, 2))
        await stage.follow("#rl")
        await stage.note("Old", on=date(2026, 2, 1))
        await stage.note("Very old", on=date(2019, 2, 1))
        options = TypedOptions(at="09:00", zone="Asia/Seoul", since="2019-01-01")
        await subscribe.add(stage.db, SLACK, options, now=stage.clock())
        await stage.talk.post()

        await stage.pass_time(days=1)
        await stage.note("Newer", on=date(2026, 2, 4))
        await stage.pass_time(days=1)
        await stage.note("Late", on=date(2026, 2, 3))
        await stage.note("Of the future", on=date(2026, 2, 20))
        await stage.pass_time(days=1)

        assert [told(each.document) for each in stage.messages()] == [
            [("Newer", "#rl")],
            [("Late", "#rl")],
        ]


async def test_a_paper_that_is_followed_tells_who_cites_it_and_what_is_about_it(tmp_path):
    async with following(tmp_path, NOON) as stage:
        await stage.follow("2502.01456", "cites:2310.07831")
        stage.talk.stage.write("Its own", date(2026, 2, 3), "https://arxiv.org/abs/2502.01456")
        stage.talk.stage.write(
            "Later",
            date(2026, 2, 3),
            "It builds on https://arxiv.org/abs/2502.01456 and https://arxiv.org/abs/2310.07831.",
        )
        await stage.talk.stage.sync()

        await stage.pass_time(days=1)

        (message,) = stage.messages()
        reasons = dict(told(message.document))
        assert "cites arXiv:2502.01456, which you follow" in reasons["Later"]
        assert "cites arXiv:2310.07831, which you follow" in reasons["Later"]


async def test_settings_move_the_hour_and_the_days(tmp_path):
    async with following(tmp_path, NOON) as stage:  # a Tuesday
        asker = await stage.follow("#rl")
        await stage.change(asker, at=time(18), zone=SEOUL, weekdays=frozenset({3, 4}))
        await stage.note("Paper")

        await stage.pass_time(days=1)
        await stage.pass_time(days=1)
        before = len(stage.messages())
        await stage.pass_time(hours=6)

        assert (before, len(stage.messages())) == (0, 1)


async def test_an_ended_follow_is_told_no_more(tmp_path):
    async with following(tmp_path, NOON) as stage:
        asker = await stage.follow("#rl  sort:new", "#moe")
        await stage.note("Paper", tags="#rl #moe")

        ended = await follow.remove(stage.db, asker, "#rl", today=NOON.date())
        await stage.pass_time(days=1)

        assert ended == 1
        assert told(stage.messages()[0].document) == [("Paper", "#moe")]
        assert await follow.remove(stage.db, asker, None, today=NOON.date()) == 1
        await stage.note("Other", tags="#moe")
        await stage.pass_time(days=1)
        assert len(stage.messages()) == 1


async def test_a_reader_is_told_once_that_a_follow_cannot_be_read_and_can_end_it(tmp_path):
    async with following(tmp_path, NOON) as stage:
        ada = await stage.follow("#moe", "author:lee", "-author:kim")
        bo = await stage.follow("author:lee", user=BO)
        async with stage.db.transaction() as tx:  # as a version with other fields stored it
            await tx.run("UPDATE follow SET query = 'auhtor:lee' WHERE query = 'author:lee'")
        await stage.note("Experts", tags="#moe", words="Lee.")
        for _ in range(3):
            await stage.pass_time(days=1)
        shown = present_follows(
            (await follow.list_followed(stage.db, ada)).follows,
            default_schedule(SEOUL),
            english("en"),
        )
        ended = await follow.remove(stage.db, bo, "auhtor:lee", today=NOON.date())

        (message,) = stage.messages()
        (told_alone,) = stage.messages(BO)
        said = "The bot cannot read what you follow any more: auhtor:lee."
        assert told(message.document) == [("Experts", "#moe · -author:kim")]
        assert said in " ".join(
            plain_text(b.inlines) for b in message.document.blocks if isinstance(b, Paragraph)
        )
        assert said in told_alone.document.summary
        (line,) = [why for query, why in told(shown) if query == "auhtor:lee"]
        assert "finds nothing: There is no “auhtor:”" in line
        assert ended == 1


async def test_a_relative_date_in_a_follow_is_that_of_the_readers_day(tmp_path):
    async with following(tmp_path, NOON) as stage:
        ada = await stage.follow("date:yesterday -#moe", "popular:week", "after:last friday #moe")
        followed = (await follow.list_followed(stage.db, ada)).follows
        reached: list[list[tuple[str, str]]] = []
        for day in (4, 5, 6, 9):
            await stage.note(f"Of the eve {day}", on=date(2026, 2, day - 1))
            await stage.note(f"Of the day {day}", tags="#moe", on=date(2026, 2, day))
            await stage.pass_time(days=1 if day < 9 else 3)
            reached.append(
                [line for each in stage.messages()[len(reached) :] for line in told(each.document)]
            )

        assert {each.query for each in followed} == {
            "date:yesterday -#moe",
            "popular:week",
            '#moe after:"last friday"',
        }
        assert [sorted(each) for each in reached] == [
            [
                (f"Of the day {day}", '#moe after:"last friday"'),
                (f"Of the eve {day}", "date:yesterday -#moe"),
            ]
            for day in (4, 5, 6, 9)
        ]
        (left,) = (await follow.list_followed(stage.db, ada)).follows[:1]
        assert await follow.remove(stage.db, ada, left.query, today=date(2026, 3, 1)) == 1


@pytest.mark.parametrize(("channel", "fallback"), [(SLACK, ""), (DISCORD, ""), (WEB, "/entry/")])
async def test_a_title_leads_to_the_message_where_the_reader_asked_else_to_the_entry(
    tmp_path, channel, fallback
):
    async with following(tmp_path, NOON) as stage:
        await stage.follow("#rl", channel=channel)
        await stage.follow("#rl", user=BO, channel=SLACK if channel is not SLACK else DISCORD)
        await stage.talk.subscribe(channel, at="08:00")
        await stage.note("Posted")
        stage.clock.turn(hours=20.1)
        await stage.talk.post()
        await stage.note("Not posted", on=date(2026, 2, 4))
        await stage.pass_time(hours=1)

        (message,) = stage.messages(channel=channel)
        root = stage.talk.root(channel, "Posted")
        posted, *other = addresses(message.document)
        assert posted == f"https://chat.example/{channel.id}/{root.id}"
        assert all(address.startswith(fallback or "https://arxiv.org/search") for address in other)
        (strangers,) = stage.messages(BO, SLACK if channel is not SLACK else DISCORD)
        assert "chat.example" not in " ".join(addresses(strangers.document))


async def test_a_closed_inbox_gets_one_mention_and_a_week_of_silence(tmp_path):
    async with following(tmp_path, NOON) as stage:
        await stage.follow("#rl")
        await stage.note("First")
        chat = stage.talk.chats[SLACK.platform]
        tried: list[datetime] = []

        def closed(channel, _root):
            if channel.id.startswith("D"):
                tried.append(stage.clock())
                return ChatRefusedError("they take no direct messages", Extent.CHANNEL)
            return None

        chat.trouble = closed
        for _ in range(7):
            await stage.note(f"Of {stage.clock():%d}")
            await stage.pass_time(days=1)
        silent = len(tried)
        mentions = stage.said_in(SLACK)
        for _ in range(7):
            await stage.pass_time(days=1)
        second = len(tried)
        chat.trouble = None
        for _ in range(8):
            await stage.pass_time(days=1)

        assert (silent, second) == (1, 2)
        assert len(mentions) == 1
        [called] = [each for each in chat.posted if each.document.calls]
        assert (called.channel, called.document.calls) == (SLACK, person_id(SLACK, ADA.id))
        assert stage.said_in(SLACK) == mentions
        lines = [line for each in stage.messages() for line in told(each.document)]
        assert len(lines) == len(set(lines))


async def test_forgetting_leaves_nothing_of_what_was_told(tmp_path):
    async with following(tmp_path, NOON) as stage:
        asker = await stage.follow("#rl -secret")
        await stage.follow("#rl -secret", user=BO)
        await stage.note("Paper")
        await stage.pass_time(days=1)

        async with stage.db.transaction() as tx:
            await follow.forget(tx, asker.people[0], stage.clock())
        await stage.pass_time(days=1)

        assert len(stage.messages()) == 1
        async with stage.db.reading() as tx:
            rows = await tx.all("SELECT channel FROM delivery WHERE document LIKE '%secret%'")
        assert [row["channel"] for row in rows] == [str(inbox_of(SLACK, BO))]


@pytest.mark.sqlite
async def test_forgetting_finds_direct_messages_by_an_index(tmp_path):
    async with following(tmp_path, NOON) as stage:
        asker = await stage.follow("#rl")
        recorded = RecordedDatabase(stage.db)

        async with recorded.transaction() as tx:
            await follow.forget(tx, asker.people[0], NOON)

        plans = []
        async with stage.db.reading() as tx:
            for sql, values in recorded.asked:
                if "delivery" in sql:
                    plans += [
                        row["detail"] for row in await tx.all(f"EXPLAIN QUERY PLAN {sql}", values)
                    ]
        assert [each for each in plans if "INDEX delivery_direct" in each], plans
        assert not [each for each in plans if each.startswith("SCAN delivery")]


async def test_forgetting_ends_follows_and_what_is_on_its_way(tmp_path):
    async with following(tmp_path, NOON) as stage:
        asker = await stage.follow("#rl")
        await stage.note("Paper")
        stage.clock.turn(days=1)

        async with stage.db.transaction() as tx:
            await follow.forget(tx, asker.people[0], stage.clock())
        await stage.run()

        assert stage.messages() == []
        async with stage.db.reading() as tx:
            assert await readers.find(tx, asker.people[0]) is None
