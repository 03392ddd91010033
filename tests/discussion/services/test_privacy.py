"""What everybody reads in a thread, what is kept of it, and what is left when it is taken back."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.archive.domain.entry import EntryId
from bot.channels.store import channel_preferences
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.commands.services.inbox import Bot
from bot.core.database.database import Engine
from bot.core.domain.document import Document, Items
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Command, MessageRef, User, parse_channel
from bot.discussion.domain.present_discussion import present_words
from bot.discussion.domain.questions import Reply
from bot.discussion.services import discuss
from bot.discussion.services.library import DatabaseLibrary
from bot.discussion.store import replies, reply_search
from bot.lookup.services import lookup
from bot.webchat.domain.board import Author
from bot.webchat.store.board import DatabaseBoard
from tests.stage import MORNING
from tests.talk_stage import (
    ADA,
    DISCORD,
    SLACK,
    WEB,
    TalkStage,
    talking,
    today,
    with_a_paper,
    words,
)

MANAGER = User("U9", "관리자", can_manage=True)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        yield opened


@pytest.fixture
def bot(stage: TalkStage) -> Bot:
    return stage.bot()


async def call(
    stage: TalkStage, bot: Bot, root: MessageRef, text: str, user: User = ADA
) -> list[str]:
    """Somebody calls the bot in a thread: what it says there then."""
    said = stage.utterance(root, f"@paperbot {text}", user=user, mentions_bot=True)
    await bot.on_message(said)
    await stage.settle()
    return [words(each.document) for each in stage.thread(root)]


async def kept(stage: TalkStage) -> tuple[Reply, ...]:
    async with stage.stage.db.reading() as tx:
        return await replies.list_of(tx, EntryId(1))


async def is_anywhere(stage: TalkStage, secret: str) -> bool:
    """Whether some text is in any row of the database."""
    listing = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    if stage.stage.db.engine is Engine.POSTGRESQL:
        listing = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    async with stage.stage.db.reading() as tx:
        for (table,) in await tx.all(listing):
            for row in await tx.all(f'SELECT * FROM "{table}"'):
                if any(secret in str(value) for value in tuple(row)):
                    return True
    return False


async def turn_off(stage: TalkStage, channel: ChannelRef) -> None:
    async with stage.stage.db.transaction() as tx:
        await channel_preferences.put(tx, str(channel), ChannelPreferences(discussion=False))


async def test_no_link_code_is_made_in_a_thread(stage, bot):
    await with_a_paper(stage, SLACK, DISCORD)

    [answer] = await call(stage, bot, stage.root(SLACK), "digest link", MANAGER)

    assert "in the channel, outside of threads" in answer
    assert answer.endswith("/digest link")
    async with stage.stage.db.reading() as tx:
        assert await tx.all("SELECT * FROM link_code") == []


@pytest.mark.parametrize("line", ["/digest today", "digest status", "digest settings notices:off"])
async def test_other_commands_are_carried_out_in_threads_where_slack_has_no_slash_commands(
    stage, bot, line
):
    await with_a_paper(stage, SLACK)

    [answer] = await call(stage, bot, stage.root(SLACK), line, MANAGER)

    assert "outside of threads" not in answer
    assert await kept(stage) == ()
    async with stage.stage.db.reading() as tx:
        options = await tx.all("SELECT notices FROM channel_preference")
    assert [tuple(row) for row in options] == ([(0,)] if "notices" in line else [])


async def test_a_code_entered_in_a_thread_is_not_stored(stage, bot):
    await with_a_paper(stage, SLACK, DISCORD)

    [answer] = await call(stage, bot, stage.root(SLACK), "digest link ABCDE23456", MANAGER)

    assert answer.endswith("/digest link")
    assert stage.copies(stage.root(DISCORD)) == []
    assert not await is_anywhere(stage, "ABCDE23456")


@pytest.mark.parametrize(
    ("line", "left", "secret"),
    [
        ("digest link ABCDE23456", "@paperbot /digest link", "ABCDE23456"),
        ("/follow #reasoning -#rl", "@paperbot /follow", "reasoning"),
    ],
)
async def test_a_reply_that_becomes_a_private_command_keeps_its_place_and_only_the_commands_words(
    stage, bot, line, left, secret
):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "something said before")

    edited = replace(stage.edited(said, f"@paperbot {line}"), mentions_bot=True)
    for _ in range(2):
        await bot.on_message(edited)
        await stage.settle()

    assert [reply.text for reply in await kept(stage)] == [left]
    assert stage.copies(stage.root(DISCORD)) == [left]
    assert not await is_anywhere(stage, "something said before")
    if "link" in line:
        assert len(stage.thread(stage.root(SLACK))) == 1
        assert not await is_anywhere(stage, secret)


async def test_a_reply_that_becomes_a_private_command_without_discussion_leaves_no_copy_as_it_was(
    stage, bot
):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "something said before")
    async with stage.stage.db.transaction() as tx:
        await channel_preferences.put(tx, str(SLACK), ChannelPreferences(discussion=False))

    await bot.on_message(
        replace(stage.edited(said, "@paperbot /follow tumours"), mentions_bot=True)
    )
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == []
    assert not await is_anywhere(stage, "something said before")


async def test_a_reply_that_was_a_private_command_for_a_while_is_a_reply_again(stage, bot):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "Table 3 is wrong.")
    called = replace(stage.edited(said, "@paperbot digest status"), mentions_bot=True)
    await bot.on_message(called)

    await stage.edit(said, "Table 3 is wrong, see the erratum.")

    assert [reply.text for reply in await kept(stage)] == ["Table 3 is wrong, see the erratum."]
    assert stage.copies(stage.root(DISCORD)) == ["Table 3 is wrong, see the erratum."]


@pytest.mark.parametrize(
    "text",
    [
        "note that table 3 is wrong, see the erratum",
        "follow up on this later please, it matters",
        "digest this carefully, it is the best paper",
    ],
)
async def test_a_remark_to_the_bot_that_begins_like_a_command_is_stored_and_copied(
    stage, bot, text
):
    await with_a_paper(stage, SLACK, DISCORD)

    await call(stage, bot, stage.root(SLACK), text)

    assert [reply.text for reply in await kept(stage)] == [f"@paperbot {text}"]
    assert stage.copies(stage.root(DISCORD)) == [f"@paperbot {text}"]


async def test_a_command_that_everybody_may_read_is_answered_in_a_thread(stage, bot):
    await with_a_paper(stage, SLACK)

    [answer] = await call(stage, bot, stage.root(SLACK), "paper new")

    assert "arXiv" in answer


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("reffs", "Did you mean “@paperbot refs”?"),
        ("absract?", "Did you mean “@paperbot abstract”?"),
        ("초롟", "Did you mean “@paperbot 초록”?"),
    ],
)
async def test_a_near_miss_of_a_word_gets_a_suggestion(stage, bot, line, meant):
    await with_a_paper(stage, SLACK)

    [answer] = await call(stage, bot, stage.root(SLACK), line)

    assert meant in answer


async def test_dates_are_understood_in_a_thread(stage, bot):
    await with_a_paper(stage, SLACK)

    [answer] = await call(stage, bot, stage.root(SLACK), "date:newest")

    assert answer.startswith("Paper\n")


async def test_any_paper_may_be_asked_for_in_a_thread(stage, bot):
    await with_a_paper(stage, SLACK)

    [answer] = await call(stage, bot, stage.root(SLACK), "paper random")

    assert answer.startswith("Paper\n")


@pytest.mark.parametrize(
    "line", ["paper forget-me", "/paper forget-me", "forget-me", "forget-me confirm"]
)
async def test_forget_me_in_a_thread_forgets_nothing_and_leads_to_the_private_answer(
    stage, bot, line
):
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.say(stage.root(SLACK), "Mine")

    [answer] = await call(stage, bot, stage.root(SLACK), line)

    assert "in the channel, outside of threads" in answer
    assert answer.endswith("/paper forget-me")
    assert [reply.text for reply in await kept(stage)] == ["Mine"]
    assert not await is_anywhere(stage, "@paperbot")


async def test_an_answer_is_removed_with_the_message_that_asked(stage, bot):
    await with_a_paper(stage, SLACK)
    await call(stage, bot, stage.root(SLACK), "my secret health words")

    forgotten = await discuss.forget_person(stage.talk, ADA, SLACK)
    await stage.settle()

    assert forgotten == 1
    assert stage.thread(stage.root(SLACK)) == []
    assert not await is_anywhere(stage, "secret health")


async def test_an_answer_is_removed_with_its_question(stage, bot):
    await with_a_paper(stage, SLACK)
    await turn_off(stage, SLACK)
    said = stage.utterance(stage.root(SLACK), "@paperbot bib", mentions_bot=True)
    await bot.on_message(said)
    await stage.settle()
    before = len(stage.thread(stage.root(SLACK)))

    await stage.unsay(said)

    assert before == 1
    assert stage.thread(stage.root(SLACK)) == []


async def test_a_question_deleted_before_it_arrived_is_not_answered(stage, bot):
    await with_a_paper(stage, SLACK)
    said = stage.utterance(stage.root(SLACK), "@paperbot my secret", mentions_bot=True)

    await stage.unsay(said)
    await bot.on_message(said)
    await stage.settle()

    assert stage.thread(stage.root(SLACK)) == []
    assert not await is_anywhere(stage, "my secret")


async def test_a_question_that_is_deleted_while_it_is_answered_gets_no_answer(stage):
    await with_a_paper(stage, SLACK)
    root = stage.root(SLACK)
    question = stage.utterance(root, "@paperbot digest status", mentions_bot=True)

    async def ask(_line: str, say: Translate) -> Document:
        await stage.unsay(question)
        return present_words(say)

    await discuss.on_message(stage.talk, question, ask)
    await stage.settle()

    assert stage.thread(root) == []


async def test_a_waiting_answer_is_not_posted_after_its_question_was_deleted(stage, bot):
    await with_a_paper(stage, SLACK)
    said = stage.utterance(stage.root(SLACK), "@paperbot bib", mentions_bot=True)
    await bot.on_message(said)

    await stage.unsay(said)

    assert stage.thread(stage.root(SLACK)) == []


async def test_the_card_of_a_forgotten_reply_goes_too(stage):
    linked = stage.stage.write("Other", today(stage), "About something else.")
    linked.write_text("https://arxiv.org/abs/2310.07831\n" + linked.read_text(), encoding="utf-8")
    await with_a_paper(stage, SLACK)
    await stage.say(stage.root(SLACK), "see https://arxiv.org/abs/2310.07831")
    before = len(stage.thread(stage.root(SLACK)))

    await discuss.forget_person(stage.talk, ADA, SLACK)
    await stage.settle()

    assert before == 1
    assert stage.thread(stage.root(SLACK)) == []


@pytest.mark.parametrize("question", ["secretwords", "paper secretwords", "#secretwords", "papr"])
async def test_with_discussion_off_an_answer_does_not_quote_the_question(stage, bot, question):
    await with_a_paper(stage, SLACK)
    await turn_off(stage, SLACK)

    [answer] = await call(stage, bot, stage.root(SLACK), question)

    assert answer.startswith("Nothing found for that.")
    assert not await is_anywhere(stage, "secretwords")


async def test_with_discussion_off_results_do_not_quote_the_question(stage, bot):
    for number in range(8):
        await stage.stage.note(f"Paper {number}", today(stage), "It holds secretwords.")
    await turn_off(stage, SLACK)

    await call(stage, bot, MessageRef(SLACK, "x1"), "secretwords holds")

    [shown] = stage.thread(MessageRef(SLACK, "x1"))
    assert shown.document.summary == "What I found: 8 papers"
    [items] = [block for block in shown.document.blocks if isinstance(block, Items)]
    assert len(items.items) == 5
    assert "secretwords holds" not in str(shown.document)


async def test_a_question_elsewhere_is_not_repeated_either(stage, bot):
    await with_a_paper(stage, SLACK)

    [answer] = await call(stage, bot, MessageRef(SLACK, "x1"), "secretwords")

    assert answer.startswith("Nothing found for that.")


async def test_forget_me_removes_a_persons_language(stage, bot):
    await bot.command(Command("help", {}, ADA, SLACK, "ko-KR"))
    stored = await is_anywhere(stage, "ko-KR")

    await bot.command(Command("paper", {"query": "forget-me confirm"}, ADA, SLACK, "ko-KR"))

    assert stored
    assert not await is_anywhere(stage, "ko-KR")


async def test_forget_me_removes_a_persons_web_chat_messages(stage, bot):
    await with_a_paper(stage, SLACK, WEB)
    board = DatabaseBoard(stage.stage.db)
    ada, bo = Author("U1", "민지"), Author("U2", "보람")
    root = await board.add("general", "Whose turn is it?", at=stage.clock(), author=ada, key="U1:k")
    await board.add("general", "Mine", at=stage.clock(), author=bo, root=root.id)
    said = await board.add("general", "A secret", at=stage.clock(), author=ada, root=root.id)
    known = await board.newest_revision()

    forgotten = await discuss.forget_person(stage.talk, ADA, WEB)

    assert forgotten == 2
    assert not await is_anywhere(stage, "A secret")
    assert not await is_anywhere(stage, "민지")
    assert not await is_anywhere(stage, "U1:k")
    assert [m.content for m in await board.list_messages("general", limit=9, root=root.id)] == [
        "Mine"
    ]
    [left] = await board.list_messages("general", limit=9)
    assert (left.content, left.author, left.deleted) == ("", None, True)
    changed = {change.id for change in await board.list_changes(known, limit=9)}
    assert changed == {root.id, said.id}


async def test_forget_me_spares_the_same_id_on_other_platforms(stage):
    board = DatabaseBoard(stage.stage.db)
    await board.add("general", "Not yours", at=stage.clock(), author=Author("U1", "Somebody"))

    await discuss.forget_person(stage.talk, ADA, SLACK)

    assert [m.content for m in await board.list_messages("general", limit=9)] == ["Not yours"]


async def test_forget_me_spares_the_same_id_in_another_workspace(stage):
    other = ChannelRef(SLACK.platform, "T2", SLACK.id)
    await stage.subscribe(SLACK, other)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(SLACK), "of one person")
    await stage.say(stage.root(other), "of another person")

    forgotten = await discuss.forget_person(stage.talk, ADA, SLACK)

    assert forgotten == 1
    assert not await is_anywhere(stage, "of one person")
    assert await is_anywhere(stage, "of another person")


async def found(stage: TalkStage, asked: str, channel: ChannelRef | None = None) -> list[str]:
    asked_in = str(channel) if channel is not None else None
    results = await lookup.look_up(stage.stage.db, asked, asked_in=asked_in)
    return [each.entry.paper.title for each in results.entries]


@pytest.mark.parametrize("asked", ["in:discussion", "in:discussion ablation"])
async def test_replies_are_found_in_their_channel_and_by_the_operator(stage, asked):
    await stage.subscribe(SLACK, DISCORD)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(SLACK), "The ablation")

    assert await found(stage, asked) == ["Paper"]
    assert await found(stage, asked, SLACK) == ["Paper"]
    assert await found(stage, asked, DISCORD) == []
    assert await found(stage, asked, ChannelRef(SLACK.platform, "T1", "D1")) == []


async def test_replies_are_found_in_linked_channels_since_the_link(stage):
    await stage.subscribe(SLACK, DISCORD, WEB)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(SLACK), "before among us")
    stage.clock.turn(seconds=1)
    await stage.link(SLACK, DISCORD)
    await stage.say(stage.root(SLACK), "afterwards for both")

    assert await found(stage, "in:discussion before", SLACK) == ["Paper"]
    assert await found(stage, "in:discussion before", DISCORD) == []
    assert await found(stage, "in:discussion afterwards", DISCORD) == ["Paper"]
    assert await found(stage, "in:discussion afterwards -before", DISCORD) == ["Paper"]
    assert await found(stage, "in:discussion afterwards before", DISCORD) == []
    assert await found(stage, "in:discussion afterwards", WEB) == []


async def test_a_chat_finds_the_replies_that_its_readers_may_see(stage, bot):
    await stage.subscribe(SLACK, DISCORD)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(SLACK), "The ablation")

    elsewhere = await call(stage, bot, stage.root(DISCORD), "in:discussion ablation")
    here = await call(stage, bot, stage.root(SLACK), "in:discussion ablation")

    assert elsewhere[-1].startswith("Nothing found")
    assert here[-1].startswith("Paper\n")


async def told_on_the_page(stage: TalkStage, *, all_discussions: bool) -> list[str]:
    page = await DatabaseLibrary(stage.stage.db).find_entry(
        EntryId(1), all_discussions=all_discussions
    )
    assert page is not None
    return [reply.text for reply in page.replies]


async def test_the_web_page_shows_strangers_only_what_belongs_to_the_web_chat(stage):
    await stage.subscribe(SLACK, DISCORD, WEB)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(WEB), "said here")
    await stage.say(stage.root(SLACK), "said before the link")
    await stage.say(stage.root(DISCORD), "https://arxiv.org/abs/2310.07831 said elsewhere")
    stage.clock.turn(seconds=1)
    await stage.link(SLACK, WEB)
    await stage.say(stage.root(SLACK), "said for both")

    assert await told_on_the_page(stage, all_discussions=False) == ["said here", "said for both"]
    assert len(await told_on_the_page(stage, all_discussions=True)) == 4


async def test_calls_of_the_bot_are_no_discussion(stage):
    await stage.subscribe(WEB)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(WEB), "@paperbot refs")

    assert await told_on_the_page(stage, all_discussions=True) == []
    assert await found(stage, "in:discussion") == []
    assert await found(stage, "in:discussion refs") == []

    await stage.say(stage.root(WEB), "The ablation")

    assert await told_on_the_page(stage, all_discussions=True) == ["The ablation"]
    assert await found(stage, "in:discussion") == ["Paper"]


async def test_calls_that_an_earlier_version_indexed_are_taken_out(stage):
    await stage.subscribe(WEB)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(WEB), "refs")
    async with stage.stage.db.transaction() as tx:
        await tx.run("UPDATE reply SET text = '@paperbot refs'")
    assert await found(stage, "in:discussion refs") == ["Paper"]

    async with stage.stage.db.transaction() as tx:
        await reply_search.reindex(tx, after=None, most=100)

    assert await found(stage, "in:discussion refs") == []


async def test_strangers_see_the_threads_of_the_web_chat_and_the_operator_all(stage):
    await stage.subscribe(SLACK, WEB)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    library = DatabaseLibrary(
        stage.stage.db, link=lambda message, _root=None: f"/{message.channel}"
    )

    strangers = await library.find_entry(EntryId(1), all_discussions=False)
    whole = await library.find_entry(EntryId(1), all_discussions=True)

    assert strangers is not None
    assert whole is not None
    assert [place.channel for place in strangers.threads] == [str(WEB)]
    assert {place.link for place in whole.threads} == {f"/{SLACK}", f"/{WEB}"}


async def test_nobody_is_told_what_is_in_an_inbox_of_the_web_chat(stage):
    await DatabaseBoard(stage.stage.db).open_inbox("0" * 16, at=stage.clock())
    inbox = parse_channel(f"web:@{'0' * 16}")
    await stage.subscribe(WEB, inbox)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(inbox), "The ablation")
    library = DatabaseLibrary(stage.stage.db)

    stranger = await library.find_entry(EntryId(1), all_discussions=False)
    operator = await library.find_entry(EntryId(1), all_discussions=True)
    found = await library.search("in:discussion", page=1, per_page=9, all_discussions=False)

    assert stranger is not None
    assert operator is not None
    assert stranger.replies == ()
    assert [place.channel for place in (*stranger.threads, *operator.threads)] == [str(WEB)] * 2
    assert found.entries == ()


@pytest.mark.parametrize("asked", ["in:discussion", "in:discussion ablation"])
async def test_the_search_page_finds_replies_as_the_page_of_an_entry_shows_them(stage, asked):
    await stage.subscribe(SLACK, WEB)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(SLACK), "The ablation")
    library = DatabaseLibrary(stage.stage.db)

    strangers = await library.search(asked, page=1, per_page=9, all_discussions=False)
    operators = await library.search(asked, page=1, per_page=9, all_discussions=True)
    downloads = [
        [stored.id async for stored in library.every(asked, all_discussions=sees_all)]
        for sees_all in (False, True)
    ]

    assert strangers.entries == ()
    assert [stored.id for stored in operators.entries] == [1]
    assert downloads == [[], [1]]


async def test_papers_that_people_link_stand_with_the_discussion_they_are_linked_in(stage):
    await with_a_paper(stage, SLACK)
    links = " ".join(f"arXiv:2501.{number:05}" for number in range(1, 9))
    await stage.say(stage.root(SLACK), links)
    library = DatabaseLibrary(stage.stage.db)

    whole = await library.find_entry(EntryId(1), all_discussions=True)
    strangers = await library.find_entry(EntryId(1), all_discussions=False)

    assert whole is not None
    assert strangers is not None
    numbers = [each.reference.arxiv_id.number for each in whole.linked_in_replies]  # type: ignore[union-attr]
    assert numbers == re.findall(r"2501\.\d{5}", links)
    assert strangers.linked_in_replies == ()
