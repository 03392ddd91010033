"""What people say in threads, over a real database and platforms in memory."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import EntryId
from bot.archive.store import arxiv_records
from bot.arxiv.store import asked_papers
from bot.channels.store import channel_preferences
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.core.domain.document import Code, Document, Items, lines, plain_text
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import Translate
from bot.core.ports import ChatRefusedError, ChatUnavailableError, ChatUncertainError, MessageRef
from bot.digest.services import plan
from bot.discussion.domain.questions import Reply
from bot.discussion.services import discuss, preferences
from bot.discussion.services.preferences import TypedPreferences
from bot.discussion.store import replies
from bot.lookup.services import lookup
from tests.stage import MORNING, english
from tests.talk_stage import (
    ADA,
    BO,
    DISCORD,
    SLACK,
    WEB,
    TalkStage,
    talking,
    today,
    with_a_paper,
    words,
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        yield opened


async def kept(stage: TalkStage) -> tuple[Reply, ...]:
    async with stage.stage.db.reading() as tx:
        return await replies.list_of(tx, EntryId(1))


async def test_a_reply_appears_once_in_every_sibling_thread_and_not_in_its_own(stage):
    await with_a_paper(stage, SLACK, DISCORD, WEB)

    await stage.say(stage.root(SLACK), "What about the ablation?")

    assert stage.copies(stage.root(SLACK)) == []
    assert stage.copies(stage.root(DISCORD)) == ["What about the ablation?"]
    assert stage.copies(stage.root(WEB)) == ["What about the ablation?"]


async def test_a_copy_says_who_said_it_and_where(stage):
    await with_a_paper(stage, SLACK, DISCORD)

    await stage.say(stage.root(SLACK), "좋네요", user=BO)

    [copy] = stage.thread(stage.root(DISCORD))
    assert words(copy.document) == "보람 · Slack\n좋네요"


async def test_a_redelivered_reply_is_copied_once(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "Once")

    await discuss.on_message(stage.talk, said)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["Once"]


async def test_replies_keep_their_order_after_an_outage_of_one_side(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    stage.chats[DISCORD.platform].errors = [ChatUnavailableError("down") for _ in range(6)]
    texts = [f"thought {number}" for number in range(5)]

    for text in texts:
        await stage.say(stage.root(SLACK), text)
    assert stage.copies(stage.root(DISCORD)) == []
    for _ in range(12):
        stage.clock.turn(minutes=5)
        await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == texts


async def test_an_answer_that_was_lost_does_not_double_a_copy(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    stage.chats[DISCORD.platform].late_errors = [ChatUncertainError("reset")]

    await stage.say(stage.root(SLACK), "Just once")
    stage.clock.turn(minutes=5)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["Just once"]


async def test_an_edit_is_copied_to_linked_channels(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "Befor")

    await stage.edit(said, "Before")

    assert stage.copies(stage.root(DISCORD)) == ["Before"]
    assert [reply.text for reply in await kept(stage)] == ["Before"]


async def test_a_deletion_is_copied_to_linked_channels(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "Oops")
    await stage.say(stage.root(SLACK), "Stays")

    await stage.unsay(said)

    assert stage.copies(stage.root(DISCORD)) == ["Stays"]
    assert [reply.text for reply in await kept(stage)] == ["Stays"]


async def test_a_reply_deleted_before_it_was_copied_is_never_shown(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    stage.chats[DISCORD.platform].errors = [ChatUnavailableError("down")]
    said = await stage.say(stage.root(SLACK), "A secret")

    await stage.unsay(said)
    stage.clock.turn(hours=1)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == []
    async with stage.stage.db.reading() as tx:
        rows = await tx.all("SELECT document FROM delivery WHERE document LIKE '%A secret%'")
    assert rows == []


async def test_a_copy_in_doubt_is_searched_for_and_removed_after_a_deletion(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    stage.chats[DISCORD.platform].late_errors = [ChatUncertainError("reset")]
    said = await stage.say(stage.root(SLACK), "A slip")

    await stage.unsay(said)
    stage.clock.turn(minutes=5)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == []


async def test_a_deletion_that_comes_first_wins(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = stage.utterance(stage.root(SLACK), "Too late")

    await discuss.on_message_deleted(stage.talk, said.message)
    await discuss.on_message(stage.talk, said)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == []
    assert await kept(stage) == ()


async def test_an_edit_after_a_deletion_changes_nothing(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "Gone")
    await stage.unsay(said)

    await stage.edit(said, "Back?")

    assert stage.copies(stage.root(DISCORD)) == []
    assert await kept(stage) == ()


async def test_a_root_that_was_deleted_brings_one_refusal_and_no_flood(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    chat = stage.chats[DISCORD.platform]
    before = len(chat.posted)
    chat.errors = [ChatRefusedError("the message is gone", Extent.GONE)]

    for number in range(5):
        await stage.say(stage.root(SLACK), f"thought {number}")

    assert len(chat.posted) == before
    async with stage.stage.db.reading() as tx:
        rows = await tx.all("SELECT state FROM delivery WHERE reply_id IS NOT NULL")
    assert [row["state"] for row in rows] == ["dead"]


async def test_channels_that_are_not_linked_share_nothing(stage):
    await stage.subscribe(SLACK, DISCORD)
    await stage.stage.note("Paper", today(stage))
    await stage.post()

    await stage.say(stage.root(SLACK), "Only here")

    assert stage.copies(stage.root(DISCORD)) == []
    assert [reply.text for reply in await kept(stage)] == ["Only here"]


async def test_replies_from_before_the_link_are_not_shared(stage):
    await stage.subscribe(SLACK, DISCORD)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(SLACK), "Among us")
    stage.clock.turn(seconds=1)

    await stage.link(SLACK, DISCORD)
    await stage.say(stage.root(SLACK), "For all")

    assert stage.copies(stage.root(DISCORD)) == ["For all"]


async def test_a_thread_that_opens_later_gets_what_was_said_before(stage):
    await stage.subscribe(SLACK)
    await stage.subscribe(DISCORD, at="18:00")
    await stage.link(SLACK, DISCORD)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(SLACK), "first")
    await stage.say(stage.root(SLACK), "second")

    stage.clock.turn(hours=9)
    await stage.post()

    assert stage.copies(stage.root(DISCORD)) == ["first", "second"]


async def test_a_reply_posted_while_a_thread_opens_overtakes_nothing(stage):
    await stage.subscribe(SLACK)
    await stage.subscribe(DISCORD, at="18:00")
    await stage.link(SLACK, DISCORD)
    await stage.stage.note("Paper", today(stage))
    await stage.post()
    await stage.say(stage.root(SLACK), "first")
    await stage.say(stage.root(SLACK), "second")
    stage.clock.turn(hours=9)
    await plan.plan_due(stage.stage.db, now=stage.clock(), voices=english)

    await discuss.on_message(stage.talk, stage.utterance(stage.root(SLACK), "third"))
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["first", "second", "third"]


async def test_a_reply_that_arrives_before_its_root_is_stored(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.stage.note("Other", today(stage) + timedelta(days=1))
    stage.clock.turn(days=1)
    chat = stage.chats[SLACK.platform]
    chat.late_errors = [None, ChatUncertainError("reset")]
    await stage.post()
    root = stage.root(SLACK, "Other")

    await discuss.on_message(stage.talk, stage.utterance(root, "Quick!"))
    stage.clock.turn(minutes=5)
    await stage.settle()
    await stage.settle()

    assert stage.copies(stage.root(DISCORD, "Other")) == ["Quick!"]


async def test_a_reply_that_waited_for_its_root_is_copied_before_later_ones(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.stage.note("Other", today(stage) + timedelta(days=1))
    stage.clock.turn(days=1)
    stage.chats[SLACK.platform].late_errors = [None, ChatUncertainError("reset")]
    await stage.post()
    root = stage.root(SLACK, "Other")  # the bot does not know yet that it was posted

    await discuss.on_message(stage.talk, stage.utterance(root, "First"))
    stage.clock.turn(minutes=5)
    await stage.deliver()
    await discuss.on_message(stage.talk, stage.utterance(root, "Second"))
    await stage.settle()

    assert stage.copies(stage.root(DISCORD, "Other")) == ["First", "Second"]


async def test_replies_outside_of_papers_threads_are_not_stored(stage):
    await with_a_paper(stage, SLACK, DISCORD)

    await stage.say(MessageRef(SLACK, "somebody's"), "Lunch?")

    async with stage.stage.db.reading() as tx:
        assert await tx.all("SELECT * FROM reply") == []


async def test_a_channel_with_discussion_off_shares_and_receives_no_replies(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    async with stage.stage.db.transaction() as tx:
        await channel_preferences.put(tx, str(SLACK), ChannelPreferences(discussion=False))

    await stage.say(stage.root(SLACK), "Off the record")
    await stage.say(stage.root(DISCORD), "On the record")

    assert stage.copies(stage.root(DISCORD)) == []
    assert stage.copies(stage.root(SLACK)) == []
    assert [reply.text for reply in await kept(stage)] == ["On the record"]


async def test_forget_me_removes_a_persons_replies(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "Forget this")
    await stage.say(stage.root(SLACK), "Keep this", user=BO)

    forgotten = await discuss.forget_person(stage.talk, ADA, SLACK)
    await stage.settle()
    await discuss.on_message(stage.talk, said)
    await stage.settle()

    assert forgotten == 1
    assert [reply.text for reply in await kept(stage)] == ["Keep this"]
    assert stage.copies(stage.root(DISCORD)) == ["Keep this"]
    async with stage.stage.db.reading() as tx:
        found = await tx.all(
            "SELECT 1 FROM reply, reply_search s WHERE reply.text LIKE '%Forget%'"
            " OR reply.author = 'Ada' OR s.text LIKE '%Forget%'"
        )
    assert found == []


async def test_a_mention_is_answered_in_the_thread_once(stage):
    await with_a_paper(stage, SLACK)

    said = await stage.say(stage.root(SLACK), "@paperbot bib", mentions_bot=True)
    await discuss.on_message(stage.talk, said)
    await stage.settle()

    [answer] = stage.thread(stage.root(SLACK))
    (item,) = answer.document.blocks
    assert isinstance(item, Code)
    assert item.text.startswith("@misc{")
    assert "\n  title = {" in item.text
    assert "note = {" not in item.text
    assert "abstract = {" not in item.text


async def test_a_mention_anywhere_else_is_answered_there(stage):
    await with_a_paper(stage, SLACK)

    await stage.say(MessageRef(SLACK, "x1"), "@paperbot #rl", mentions_bot=True)

    [answer] = stage.thread(MessageRef(SLACK, "x1"))
    assert words(answer.document).startswith("Paper")


async def test_a_question_that_is_not_understood_gets_the_list_of_words(stage):
    await with_a_paper(stage, SLACK)

    await stage.say(stage.root(SLACK), "@paperbot is this any good?", mentions_bot=True)
    await stage.say(stage.root(SLACK), "@paperbot qwertyuiop", mentions_bot=True)

    first, second = stage.thread(stage.root(SLACK))
    assert words(first.document).startswith("I cannot answer that")
    assert words(second.document).startswith("Nothing found for “qwertyuiop”")


async def test_a_known_paper_that_is_linked_gets_its_card(stage):
    linked = stage.stage.write("Other", today(stage) - timedelta(days=90), "About something else.")
    linked.write_text("https://arxiv.org/abs/2310.07831\n" + linked.read_text(), encoding="utf-8")
    await with_a_paper(stage, SLACK, DISCORD)

    await stage.say(stage.root(SLACK), "see https://arxiv.org/abs/2310.07831v2 for that")

    assert "About something else." in words(stage.thread(stage.root(SLACK))[-1].document)
    assert len(stage.thread(stage.root(DISCORD))) == 1


async def test_an_edit_to_other_words_keeps_one_copy(stage):
    await with_a_paper(stage, SLACK, DISCORD)
    said = await stage.say(stage.root(SLACK), "one")

    for text in ("two", "three", "two"):
        await discuss.on_message(stage.talk, stage.edited(said, text))
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["two"]


async def test_replies_are_found_by_in_discussion(stage):
    await stage.stage.note("Other", today(stage), "Another paper.", "#reasoning")
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.say(stage.root(SLACK), "The ablation of 보상모델을 is missing")
    said = await stage.say(stage.root(SLACK), "and the appendix is long")

    async def found(asked: str) -> list[str]:
        results = await lookup.look_up(stage.stage.db, asked)
        return [each.entry.paper.title for each in results.entries]

    assert await found("ablation") == []
    assert await found("in:discussion ablation") == ["Paper"]
    assert await found("in:discussion 모델") == ["Paper"]
    assert await found("in:discussion ablation appendix") == ["Paper"]
    assert await found("in:discussion ablation -appendix") == []
    assert await found("in:discussion #reasoning") == []
    assert await found("in:discussion author:lovelace") == ["Paper"]
    assert await found("in:discussion") == ["Paper"]
    await stage.unsay(said)
    assert await found("in:discussion appendix") == []


async def test_an_unknown_paper_that_is_linked_gets_its_card_once_arxiv_has_told(stage):
    await with_a_paper(stage, SLACK)
    await stage.say(stage.root(SLACK), "arXiv:2501.00009 does the same")
    async with stage.stage.db.reading() as tx:
        asked = await asked_papers.list_due(tx, today(stage), 10)
    before = len(stage.thread(stage.root(SLACK)))
    record = ArxivRecord(
        id=ArxivId("2501.00009", 1),
        title="The Same, Earlier",
        authors=("Ada Example",),
        abstract="It does the same.",
        categories=("cs.LG",),
        submitted_at=MORNING,
        updated_at=MORNING,
    )
    async with stage.stage.db.transaction() as tx:
        await arxiv_records.put(tx, [record])

    await stage.settle()
    await stage.settle()

    assert asked == ("2501.00009",)
    assert before == 0
    [card] = stage.thread(stage.root(SLACK))
    assert words(card.document).startswith("The Same, Earlier\nAda Example · arXiv:2501.00009")


async def test_a_thread_opens_with_abstract_and_references(stage):
    older = stage.stage.write("Older", today(stage) - timedelta(days=30), "The first of its kind.")
    text = older.read_text(encoding="utf-8")
    older.write_text(f"https://arxiv.org/abs/2310.07831\n{text}", encoding="utf-8")
    note = stage.stage.write("Paper", today(stage), "After https://arxiv.org/abs/2310.07831 this.")
    text = note.read_text(encoding="utf-8")
    note.write_text(text.replace("\n\n", "\n\n> What the paper says of itself.\n\n", 1), "utf-8")
    await stage.stage.sync()
    await stage.subscribe(SLACK)

    await stage.post()

    [opening] = stage.thread(stage.root(SLACK))
    assert "What the paper says of itself." in words(opening.document)
    [items] = [block for block in opening.document.blocks if isinstance(block, Items)]
    assert [plain_text(item.inlines) for item in items.items] == ["Older"]
    assert items.items[0].button is not None
    assert items.items[0].button.command == "/paper entry:1"


async def test_a_thread_without_abstract_or_references_opens_empty(stage):
    await with_a_paper(stage, SLACK)

    assert stage.thread(stage.root(SLACK)) == []


async def test_nothing_is_stored_once_discussions_are_turned_off_while_it_is_answered(stage):
    await with_a_paper(stage, SLACK)

    async def answer(_line: str, say: Translate) -> Document:
        await preferences.change(stage.talk, SLACK, TypedPreferences(discussion="off"))
        return lines([say("Saved.")])

    asked = stage.utterance(stage.root(SLACK), "/paper new", mentions_bot=True)
    await discuss.on_message(stage.talk, asked, answer)

    assert await kept(stage) == ()
