"""What people get when they type a command, over a real database."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.archive.domain.entry import EntryId, Language
from bot.archive.domain.present_entry import present_entry
from bot.archive.services.import_files import import_files
from bot.archive.store import entries, entry_changes
from bot.channels.domain.digest_options import Layout
from bot.channels.store import subscriptions
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database, Transaction
from bot.core.domain import command_line, commands
from bot.core.domain.document import (
    Buttons,
    Document,
    Fields,
    Heading,
    Items,
    Note,
    Paragraph,
    Quote,
    in_locale,
    plain_text,
)
from bot.core.domain.errors import StorageBusyError
from bot.core.ports import ChannelRef, Command, MessageRef, Platform, ThreadMessage, User
from bot.digest.services import managers, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services.discuss import DiscussionContext
from bot.mail.services import opt_in
from bot.mail.services.opt_in import Asker, OptIn
from bot.mail.store import addresses
from tests.archive_stage import an_entry, keep_apart
from tests.databases import throw_away
from tests.wrapped_database import WrappedDatabase

NOW = datetime(2025, 2, 4, 3, tzinfo=UTC)
CHANNEL = ChannelRef(Platform.WEB, "", "general")
MANAGER = User("u1", "관리자", can_manage=True)
READER = User("u2", "Reader", can_manage=False)

PAGE = """2025년 2월 4일
A Paper on Reasoning
https://arxiv.org/abs/2502.00001
(Jane Lee, Min Kim)
The abstract of the first paper is here, and it is long enough to be one.
추론에 대한 첫 논문입니다. (https://arxiv.org/abs/2310.07831)
The first paper about reasoning. (https://arxiv.org/abs/2310.07831)
#reasoning #rl
A Paper on Embeddings
(Ada Park)
The abstract of the second paper is here, and it is long enough to be one.
임베딩에 대한 논문.
A paper about embeddings.
#embedding
"""


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    page = tmp_path / "page.txt"
    page.write_text(PAGE, encoding="utf-8")
    async with throw_away() as database:
        await import_files(database, [page], now=NOW)
        yield database


@pytest.fixture
def bot(db: Database) -> Bot:
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    desk = DigestContext(db, lambda: NOW, ZoneInfo("Asia/Seoul"), check, lambda: None)
    return Bot(desk, voices=Catalogues())


async def ask(bot: Bot, line: str, *, user: User = READER, locale: str = "en") -> Document:
    parsed = command_line.parse_line(line)
    return await bot.command(Command(parsed.spec.name, parsed.options, user, CHANNEL, locale))


def lines(document: Document) -> list[str]:
    """The commands of a document's buttons."""
    found: list[str | None] = []
    for block in document.blocks:
        match block:
            case Items(items):
                found += (item.button.command for item in items if item.button is not None)
            case Buttons(buttons):
                found += (button.command for button in buttons)
            case _:
                pass
    return list(filter(None, found))


def words(document: Document) -> str:
    parts: list[str] = []
    for block in document.blocks:
        match block:
            case Heading() | Paragraph() | Quote() | Note():
                parts.append(plain_text(block.inlines))
            case Items(items):
                parts += (plain_text(item.inlines + item.detail) for item in items)
            case Fields(fields):
                parts += (f"{label}: {plain_text(value)}" for label, value in fields)
            case Buttons(buttons):
                parts += (f"[{button.label}]" for button in buttons)
            case _:
                pass
    return "\n".join(parts)


async def test_one_hit_is_shown_whole_with_abstract_and_references(bot: Bot) -> None:
    text = words(await ask(bot, "/paper reasoning"))

    assert text.startswith("A Paper on Reasoning\nJane Lee, Min Kim")
    assert "The abstract of the first paper" in text
    assert text.index("The first paper about") < text.index("추론에 대한 첫 논문입니다")
    assert "Refers to\narXiv:2310.07831" in text


async def test_an_empty_archive_has_no_papers_yet(bot: Bot, db: Database) -> None:
    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, [EntryId(1), EntryId(2)], now=NOW)

    assert words(await ask(bot, "/paper")).startswith("There are no papers yet.")
    assert words(await ask(bot, "/paper x")).startswith("Nothing found for “x”.")


async def test_a_korean_reader_gets_korean_first_and_korean_labels(bot: Bot) -> None:
    text = words(await ask(bot, "/paper reasoning", locale="ko-KR"))

    assert text.index("추론에 대한 첫 논문입니다") < text.index("The first paper about")
    assert "언급한 논문" in text


async def test_a_paper_is_shown_in_the_other_language_by_its_button(bot: Bot, db: Database) -> None:
    async with db.reading() as tx:
        [stored, _] = await entries.list_by_id(tx, [EntryId(1), EntryId(2)])
    shown = present_entry(stored, languages=(Language.KO,), say=Catalogues()("ko"))
    buttons = [
        each for block in shown.blocks if isinstance(block, Buttons) for each in block.buttons
    ]
    [english] = [button for button in buttons if button.label == "English"]
    assert english.command == "/paper entry:1 language:en"

    answer = words(await ask(bot, english.command, locale="ko"))

    assert "추론에" in words(shown)
    assert "The first paper about" not in words(shown)
    assert "The first paper about" in answer
    assert "추론에" not in answer
    assert "[한국어]" in answer
    assert "2025년 2월 4일" in answer  # and its own words stay in the asker's language
    assert "“fr”" in words(await ask(bot, "/paper entry:1 language:fr"))


@pytest.mark.parametrize("space", [" ", "\u3000", "\u00a0", " \n "])
@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("paper", ["bib", "#rl"], "BibTeX: 1 paper"),
        ("paper", ["not-for-us", "2502.99999"], "“2502.99999” is no new paper"),
        ("follow", ["settings", "at:25:00"], "25:00"),
        ("digest", ["settings", "at:25:00"], "25:00"),
        ("digest", ["recap", "2024"], "2024"),
    ],
)
async def test_what_stands_behind_a_verb_is_read_whatever_space_is_between(
    bot: Bot, space: str, name: str, typed: list[str], says: str
) -> None:
    option = "what" if name == "digest" else "query"
    given = Command(name, {option: space.join(typed)}, MANAGER, CHANNEL, "en")

    answer = await bot.command(given)

    assert says in answer.summary + words(answer)


async def test_results_in_a_language_are_read_and_turned_in_that_language(
    bot: Bot, db: Database
) -> None:
    entry = an_entry("Sharded", ko="글이다.", en="A text.", tags="shard")
    await keep_apart(db, *[entry] * 11)

    first = await ask(bot, "/paper #shard language:english", locale="ko")
    second = await ask(bot, next(line for line in lines(first) if "page:2" in line), locale="ko")
    nothing = await ask(bot, "/paper #shrad language:en")
    bibliography = await ask(bot, next(line for line in lines(first) if "bib" in line))

    assert lines(first)[-2:] == [
        "/paper #shard page:2 language:en",
        "/paper bib #shard page:1 language:en",
    ]
    assert lines(second) == [
        "/paper entry:13 language:en",
        "/paper #shard page:1 language:en",
        "/paper bib #shard page:2 language:en",
    ]
    assert "A text." in words(second)
    assert lines(nothing) == ["/paper #shard language:en"]
    assert lines(bibliography) == ["/paper bib #shard page:2 language:en"]
    assert all("language" not in line for line in lines(await ask(bot, "/paper #shard")))
    assert all(line.endswith(" language:en") for line in lines(first))


async def test_an_empty_query_shows_the_newest_and_how_to_ask(bot: Bot) -> None:
    text = words(await ask(bot, "/paper"))

    assert "Newest papers" in text
    assert "A Paper on Embeddings" in text
    assert "Ask with a tag" in text


async def test_a_near_miss_is_offered_as_a_button(bot: Bot) -> None:
    document = await ask(bot, "/paper resoning")

    assert "Did you mean reasoning?" in words(document)
    assert "[reasoning]" in words(document)


async def test_a_wrong_query_is_answered_in_one_sentence_in_the_readers_language(bot: Bot) -> None:
    english = words(await ask(bot, "/paper date:soon"))
    korean = words(await ask(bot, "/paper date:soon", locale="ko"))

    assert "“soon”" in english
    assert "“soon”" in korean
    assert english != korean


async def test_today_is_a_date_of_the_zone_and_shows_without_posting(bot: Bot) -> None:
    today = words(await ask(bot, "/digest today"))
    by_date = words(await ask(bot, "/digest 4 Feb 2025"))
    empty = words(await ask(bot, "/digest 2025-02-05"))

    assert "A Paper on Reasoning" in today
    assert "2 papers" in today
    assert by_date == today
    assert "There is nothing for 5 February 2025." in empty


@pytest.mark.parametrize(
    "day", ["newest", "오늘", "Feb 4", "2월 4일", "tuesday", "0 days ago", "2025-02-04"]
)
async def test_a_date_is_understood_wherever_one_goes(bot: Bot, day: str) -> None:
    shown = words(await ask(bot, f"/digest {day}"))
    found = words(await ask(bot, f"/paper date:{day} #rl"))
    since = words(await ask(bot, f"/digest here since:{day}", user=MANAGER))
    arxiv = words(await ask(bot, f"/paper new {day}"))

    assert "2 papers" in shown
    assert found.startswith("A Paper on Reasoning")
    assert "A digest is posted here." in since
    assert "Nothing found" not in arxiv


async def test_relative_dates_of_a_result_are_written_out(bot: Bot) -> None:
    text = words(await ask(bot, "/paper before:tomorrow after:yesterday"))

    assert text.startswith("before:2025-02-05 after:2025-02-03\n2 papers")


async def test_today_is_the_channels_date(bot: Bot) -> None:
    there = words(await ask(bot, "/digest here tz:America/Los_Angeles", user=MANAGER))
    yesterday = words(await ask(bot, "/digest today"))  # still 3 February there

    assert "America/Los_Angeles" in there
    assert "3 February 2025" in yesterday


async def test_a_date_that_does_not_exist_is_refused(bot: Bot) -> None:
    assert "2025-02-30" in words(await ask(bot, "/digest 2025-02-30"))


async def test_managers_subscribe_change_pause_and_resume(bot: Bot) -> None:
    made = words(await ask(bot, "/digest here at:08:30 tags:#rl,-#moe", user=MANAGER))
    changed = words(await ask(bot, "/digest settings layout:compact most:3", user=MANAGER))
    paused = words(await ask(bot, "/digest pause", user=MANAGER))
    resumed = words(await ask(bot, "/digest resume", user=MANAGER))

    assert "Time: 08:30 Asia/Seoul" in made
    assert "Tags: #rl -#moe" in made
    assert "Layout: compact" in changed
    assert "Maximum papers: 3" in changed
    assert "paused" in paused
    assert "A digest is posted here." in resumed


async def test_a_here_that_is_refused_leaves_a_paused_digest_paused(bot: Bot) -> None:
    await ask(bot, "/digest here at:08:30", user=MANAGER)
    await ask(bot, "/digest pause", user=MANAGER)
    refused = words(await ask(bot, "/digest here since:2025-02-01 layout:compact", user=MANAGER))
    status = words(await ask(bot, "/digest status", user=MANAGER))
    resumed = words(await ask(bot, "/digest here layout:compact", user=MANAGER))

    assert "“since” counts only when a channel is subscribed" in refused
    assert "paused" in status
    assert "A digest is posted here." in resumed
    assert "Layout: compact" in resumed


async def test_a_first_here_shows_the_layouts_to_choose_from(bot: Bot, db: Database) -> None:
    first = words(await ask(bot, "/digest here", user=MANAGER))
    async with db.reading() as tx:
        waits_at_first = await subscriptions.list_to_ask(tx, NOW, 1)
    chosen = words(await ask(bot, "/digest here layout:thread", user=MANAGER))
    async with db.reading() as tx:
        waits_then = await subscriptions.list_to_ask(tx, NOW, 1)
    again = words(await ask(bot, "/digest here at:10:00", user=MANAGER))

    assert "A digest is posted here." in first
    assert "in a minute at the earliest" in first
    assert "A day of five papers: 6 messages in the channel, 5 in threads" in first
    assert "1. A Paper on Reasoning" in first
    for layout in ("papers", "thread", "compact", "titles"):
        assert f"[Use {layout}]" in first
    assert not waits_at_first
    assert waits_then
    assert "Layout: thread" in chosen
    assert "[Use" not in chosen
    assert "Layout: thread" in again
    assert "[Use" not in again


async def test_a_first_here_with_options_subscribes_at_once_and_shows_the_layouts(
    bot: Bot, db: Database
) -> None:
    korean = words(await ask(bot, "/digest here at:10:00", user=MANAGER, locale="ko"))
    async with db.reading() as tx:
        due = await subscriptions.list_to_ask(tx, NOW, 1)
    named = words(await ask(bot, "/digest here intro:later", user=MANAGER))

    assert "10:00" in korean
    assert "thread 사용" in korean
    assert due
    assert "First reply in threads: later" in named
    assert "[Use" not in named


async def test_subscribing_twice_changes_what_is_there(bot: Bot) -> None:
    await ask(bot, "/digest here at:08:30", user=MANAGER)
    again = words(await ask(bot, "/digest here at:10:00", user=MANAGER))

    assert "Time: 10:00" in again


@pytest.mark.parametrize("verb", ["here", "settings", "pause", "resume"])
async def test_others_are_refused_and_nothing_is_changed(bot: Bot, verb: str) -> None:
    refused = words(await ask(bot, f"/digest {verb}", user=READER))

    assert "Only people who may manage this channel" in refused
    assert "No digest is posted in this channel." in words(await ask(bot, "/digest status"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/digest here at:25:00", "25:00"),
        ("/digest here tz:Asia/Soul", "Asia/Seoul"),
        ("/digest here tags:author:lee", "more than tags"),
        ("/digest here languages:fr", "fr"),
        ("/digest here most:0", "0"),
    ],
)
async def test_a_wrong_option_is_reported_and_nothing_is_changed(
    bot: Bot, line: str, said: str
) -> None:
    assert said in words(await ask(bot, line, user=MANAGER))
    assert "No digest is posted in this channel." in words(await ask(bot, "/digest status"))


@pytest.mark.parametrize("line", ["settings most:3", "pause", "resume", "review"])
async def test_a_channel_without_a_digest_is_offered_one(bot: Bot, line: str) -> None:
    shown = await ask(bot, f"/digest {line}", user=MANAGER)

    assert words(shown) == words(await ask(bot, "/digest status"))
    assert "No digest is posted in this channel." in words(shown)


async def complete(bot: Bot, name: str, option: str, typed: str) -> list[str]:
    command = Command(name, {}, READER, CHANNEL, "en")
    return [choice.value for choice in await bot.complete(command, option, typed)]


async def test_typed_text_is_completed(bot: Bot) -> None:
    assert "reasoning" in " ".join(await complete(bot, "paper", "query", "rea"))
    assert await complete(bot, "digest", "what", "st") == ["status"]
    assert (await complete(bot, "digest", "tz", "seoul"))[0] == "Asia/Seoul"
    assert await complete(bot, "digest", "layout", "com") == ["compact"]
    assert await complete(bot, "digest", "at", "99") == []
    assert await complete(bot, "help", "topic", "d") == ["digest"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("he", ["here ", "help"]),
        ("여", ["여기 "]),
        ("here we", ["here weekdays:"]),
        (
            "here at:09:00 weekdays:mon",
            ["here at:09:00 weekdays:mon-fri", "here at:09:00 weekdays:mon,wed,fri"],
        ),
        ("here tz:seou", ["here tz:Asia/Seoul"]),
        ("here 9am Asia/Seo", ["here 9am Asia/Seoul"]),
        ("settings layout:", [f"settings layout:{layout}" for layout in Layout]),
        (
            "settings notices:on discussion:o",
            ["settings notices:on discussion:on", "settings notices:on discussion:off"],
        ),
        ("pause ", []),
        ("here wrong:", []),
    ],
)
async def test_completion_goes_on_after_the_verb(bot: Bot, typed: str, offered: list[str]) -> None:
    assert await complete(bot, "digest", "what", typed) == offered


async def test_help_lists_every_command_and_offers_no_button_that_changes_anything(
    bot: Bot,
) -> None:
    document = await ask(bot, "/help")

    for spec in commands.COMMANDS:
        assert spec.usage in words(document)
    for block in document.blocks:
        if isinstance(block, Buttons):
            assert not any(command_line.changes(button.command or "") for button in block.buttons)


async def test_an_answer_in_the_web_chat_is_read_by_each_in_their_own_language(bot: Bot) -> None:
    for line in ("/paper", "/paper reasoning", "/paper #rl"):
        asked = await ask(bot, line, locale="ko")
        same = await ask(bot, line)

        assert words(in_locale(asked, "en")) == words(same)
        assert words(asked) == words(in_locale(same, "ko"))
    random = await ask(bot, "/paper random", locale="ko")
    assert words(random).splitlines()[0] == words(in_locale(random, "en")).splitlines()[0]


async def test_every_option_is_offered_once_after_here(bot: Bot) -> None:
    offered = await complete(bot, "digest", "what", "here at:09:00 ")

    options = [option.name for option in commands.DIGEST.options if not option.free]
    assert offered == [f"here at:09:00 {name}:" for name in options if name != "at"]


async def test_every_example_of_the_help_finds_something(bot: Bot) -> None:
    document = await bot.command(Command("help", {"topic": "paper"}, READER, CHANNEL, "ko"))
    lines = [
        button.command
        for block in document.blocks
        if isinstance(block, Buttons)
        for button in block.buttons
    ]

    assert len(lines) > 4
    for line in lines:
        found = await ask(bot, line or "")
        assert not found.is_private, line


async def test_the_help_of_an_empty_archive_has_no_examples_and_works() -> None:
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    async with throw_away() as empty:
        desk = DigestContext(empty, lambda: NOW, ZoneInfo("UTC"), check, lambda: None)
        bot = Bot(desk, voices=Catalogues())

        for line in ("/help", "/paper help", "/digest help"):
            assert "/digest" in words(await ask(bot, line)) or "/paper" in words(
                await ask(bot, line)
            )


class Away(WrappedDatabase):
    """A server that cannot be reached."""

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        raise StorageBusyError(
            "The PostgreSQL server cannot be reached ({reason})", path="db", reason="10.0.0.5"
        )


@pytest.mark.parametrize("line", ["/paper reasoning", "/digest status", "/digest pause"])
async def test_while_the_database_is_away_a_command_says_so_to_its_author_only(
    db: Database, line: str, caplog: pytest.LogCaptureFixture
):
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    away = Away(db)
    desk = DigestContext(away, lambda: NOW, ZoneInfo("Asia/Seoul"), check, lambda: None)
    answer = await ask(Bot(desk, voices=Catalogues()), line, user=MANAGER)
    korean = await ask(Bot(desk, voices=Catalogues()), line, user=MANAGER, locale="ko")

    assert answer.is_private
    assert answer.summary == ("The bot cannot reach its database right now. Try again in a moment.")
    assert "데이터베이스에 연결할 수 없습니다" in korean.summary
    assert "10.0.0.5" in caplog.text


async def test_a_command_in_a_thread_is_left_for_when_the_database_is_back(db: Database):
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    desk = DigestContext(Away(db), lambda: NOW, ZoneInfo("Asia/Seoul"), check, lambda: None)
    talk = DiscussionContext(db, lambda: NOW, Catalogues())
    said = ThreadMessage(
        root=MessageRef(CHANNEL, "1"),
        message=MessageRef(CHANNEL, "2"),
        user=READER,
        text="@paperbot /digest status",
        mentions_bot=True,
    )

    with pytest.raises(StorageBusyError):
        await Bot(desk, voices=Catalogues(), talk=talk).on_message(said)
    async with db.reading() as tx:
        assert await tx.all("SELECT id FROM delivery") == []


async def test_a_filter_that_cannot_be_read_hides_no_other_digest_from_its_curator(db: Database):
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    curators = frozenset({"slack:T1/U1"})
    desk = DigestContext(
        db, lambda: NOW, ZoneInfo("Asia/Seoul"), check, lambda: None, curators=curators
    )
    for name in ("C1", "C2"):
        channel = ChannelRef(Platform.SLACK, "T1", name)
        await subscribe.add(db, channel, TypedOptions(at="09:00", zone="Asia/Seoul"), now=NOW)
    async with db.transaction() as tx:  # as a version with other fields stored it
        await tx.run(
            "UPDATE subscription SET only_query = 'auhtor:lee' WHERE channel = 'slack:T1/C1'"
        )
    inbox = ChannelRef(Platform.SLACK, "T1", "D1")
    curator = User("U1", "Ada", can_manage=True)

    shown = await Bot(desk, voices=Catalogues()).command(
        Command("digest", command_line.parse_line("/digest review").options, curator, inbox, "en")
    )

    assert "slack:T1/C2" in str(shown)
    assert "Review of the digest of" in words(shown)


async def test_who_manages_a_channel_approves_the_digest_by_mail_asked_for_in_it(
    db: Database,
):
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    desk = DigestContext(db, lambda: NOW, ZoneInfo("Asia/Seoul"), check, lambda: None)
    home, other = (ChannelRef(Platform.SLACK, "T1", name) for name in ("C1", "C2"))
    reader = ChannelRef(Platform.MAIL, "", "reader@example.org")
    options = TypedOptions(at="09:00", zone="Asia/Seoul", unapproved="hold")
    for channel in (home, other):
        await subscribe.add(db, channel, replace(options, unapproved="post"), now=NOW)
    asking = OptIn("https://papers.example.org", Catalogues())
    by = Asker("Ada", "slack:T1/U1", str(home))
    sent = await opt_in.add(db, reader, options, by, asking, now=NOW)

    async def types(
        line: str, channel: ChannelRef = home, *, may: bool = True, root: MessageRef | None = None
    ) -> str:
        spoken = command_line.parse_line(line)
        user = User("U1", "Ada", can_manage=may)
        return str(
            await Bot(desk, voices=Catalogues()).command(
                Command("digest", spoken.options, user, channel, "en", root)
            )
        )

    unconfirmed = await types("/digest review")
    await subscribe.resume(db, reader, now=NOW)
    offered = await types("/digest review")
    [line] = set(re.findall(rf"/digest review {sent.id} [0-9-]+", offered))
    card = await types(line)
    elsewhere = [await types("/digest review", other), await types(line, other)]
    refused = [await types("/digest review", may=False), await types(line, may=False)]
    thread = MessageRef(home, "1")
    seen_by_all = [await types("/digest review", root=thread), await types(line, root=thread)]

    assert str(reader) not in unconfirmed
    assert "Which digest do you want to review?" in offered
    assert "as soon as somebody approves it" in card
    assert str(reader) in card
    assert not any(str(reader) in each for each in elsewhere)
    assert "Only curators, and the people who manage that channel" in elsewhere[1]
    assert all("Only people who may manage this channel" in each for each in refused)
    assert not any(str(reader) in each for each in seen_by_all)


async def test_a_digest_by_mail_that_was_removed_is_reviewed_where_it_was_asked_for_last(
    db: Database,
):
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    desk = DigestContext(db, lambda: NOW, ZoneInfo("Asia/Seoul"), check, lambda: None)
    before, after = (ChannelRef(Platform.SLACK, name, "C1") for name in ("T1", "T2"))
    reader = ChannelRef(Platform.MAIL, "", "reader@example.org")
    options = TypedOptions(at="09:00", zone="Asia/Seoul", unapproved="hold")
    asking = OptIn("https://papers.example.org", Catalogues())
    by = Asker("Ada", "slack:T1/U1", str(before))
    await opt_in.add(db, reader, options, by, asking, now=NOW)
    async with db.transaction() as tx:
        await addresses.confirm(tx, reader.id, NOW)
    await subscribe.resume(db, reader, now=NOW)
    await subscribe.remove(db, reader, now=NOW)

    by = Asker("Bob", "slack:T2/U9", str(after))
    again = await opt_in.add(db, reader, options, by, asking, now=NOW)

    async def types(line: str, channel: ChannelRef) -> str:
        spoken = command_line.parse_line(line)
        user = User("U1", "Ada", can_manage=True)
        typed = Command("digest", spoken.options, user, channel, "en")
        return str(await Bot(desk, voices=Catalogues()).command(typed))

    offered = await types("/digest review", after)
    line = f"/digest review {again.id} 2025-02-04"
    assert str(reader) in offered
    assert str(reader) in await types(line, after)
    assert str(reader) not in await types("/digest review", before)
    refused = await types(line, before)
    assert str(reader) not in refused
    assert "Only curators, and the people who manage that channel" in refused


async def test_nobody_is_named_to_manage_somebodys_direct_messages(bot: Bot, db: Database) -> None:
    own = replace(READER, can_manage=True, manages_only_own=True)

    refused = words(await ask(bot, "/digest managers @0123456789abcdef", user=own))
    shown = words(await ask(bot, "/digest managers", user=own))
    subscribed = words(await ask(bot, "/digest here at:09:00 tz:UTC", user=own))

    assert "Nobody else can manage your direct messages" in refused
    assert "Nobody else is named" in shown
    assert "09:00" in subscribed
    assert await managers.list_named(db, CHANNEL) == ()
