"""Messages are posted once after any failure, and failures give their reason."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.archive.domain.present_entry import present_entry
from bot.channels.domain.digest_options import Layout
from bot.core.domain.document import Document, Heading, Note, Text
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    MessageRef,
    Platform,
)
from bot.digest.domain.digest import Digest
from bot.digest.domain.present_digest import present_digest
from tests.digest.domain.test_present_digest import DAY, stored
from tests.fakes.discord import Fault, text_of
from tests.fakes.discord import world as rights
from tests.platforms.discord.stage import PAPERS, Stage, key, long_paper, now, paper, said

POSTS = r"^/channels/\d+/messages$"
CHANNELS = r"^/channels/"


def place(number: int) -> ChannelRef:
    return ChannelRef(Platform.DISCORD, "1", str(number))


def texts(stage: Stage, channel: int) -> list[str]:
    return [text_of(message) for message in stage.discord.messages(channel)]


def words(texts: list[str]) -> list[str]:
    return [word for word in " ".join(texts).split() if word.startswith("word")]


WORDS = [f"word{number}" for number in range(2600)]


async def test_a_paper_gets_a_thread_of_its_name_and_pings_nobody(stage: Stage):
    posted = await stage.posting.post(PAPERS, paper("Attention, @everyone"), key())

    thread = stage.discord.channel(int(posted.id))
    assert thread.name == "Attention, @everyone"
    assert thread.auto_archive == 10080
    (request,) = stage.discord.sent("messages", "POST")
    assert request.body["allowed_mentions"] == {"parse": []}
    assert (request.body["nonce"], request.body["enforce_nonce"]) == (key(), True)


async def test_an_existing_thread_counts_as_opened(stage: Stage):
    posted = await stage.posting.post(PAPERS, paper(), key())

    again = await stage.posting.post(PAPERS, paper(), key())

    assert again == posted
    assert len(stage.discord.messages(11)) == 1


async def test_a_long_document_continues_in_the_thread(stage: Stage):
    posted = await stage.posting.post(PAPERS, long_paper(), key())

    assert stage.discord.sent("messages", "GET") == []  # nothing was tried before
    assert len(stage.discord.messages(11)) == 1
    assert len(stage.discord.messages(int(posted.id))) == 3
    assert words([*texts(stage, 11), *texts(stage, int(posted.id))]) == WORDS


@pytest.mark.parametrize("in_window", [True, False])
@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("nth", range(1, 6))
async def test_a_long_document_that_is_interrupted_anywhere_is_completed_once(
    stage: Stage, nth: int, done: bool, in_window: bool
):
    begun = now()
    when = "after" if done else "before"
    fault = Fault("POST", CHANNELS, when=when, drop=True, skip=nth - 1, times=99)
    stage.discord.fail(fault)
    with pytest.raises(ChatUncertainError):
        await stage.posting.post(PAPERS, long_paper(), key())
    fault.times = 0
    if not in_window:
        stage.discord.forget_nonces()

    if await stage.posting.find(PAPERS, key(), since=begun, root=None) is None:
        await stage.posting.post(PAPERS, long_paper(), key(), begun)

    found = await stage.posting.find(PAPERS, key(), since=begun, root=None)
    assert found is not None
    assert len(stage.discord.messages(11)) == 1
    assert words([*texts(stage, 11), *texts(stage, int(found.id))]) == WORDS


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", POSTS, when="before", drop=True),
        Fault("POST", POSTS, when="after", drop=True),
        Fault("POST", POSTS, when="before", status=503),
        Fault("POST", POSTS, when="after", status=503),
        Fault("POST", POSTS, when="after", status=502, body="<html>bad gateway</html>"),
        Fault("POST", POSTS, when="after", status=200, body="<html>hello</html>"),
    ],
    ids=lambda fault: f"{fault.when}-{'drop' if fault.drop else fault.status}",
)
async def test_a_message_whose_response_is_lost_is_sent_again_with_its_nonce(
    stage: Stage, fault: Fault
):
    stage.discord.fail(replace(fault))

    posted = await stage.posting.post(PAPERS, said("once"), key())

    assert texts(stage, 11) == ["once"]
    assert posted.id == stage.discord.messages(11)[0]["id"]


async def test_a_rate_limit_holds_one_message_and_says_for_how_long(stage: Stage):
    stage.discord.fail(Fault("POST", POSTS, status=429, retry_after=17.25))

    with pytest.raises(ChatUnavailableError) as raised:
        await stage.posting.post(PAPERS, said("later"), key())

    assert raised.value.retry_after == timedelta(seconds=17.25)
    assert not raised.value.whole_workspace
    assert len(stage.discord.sent("messages")) == 1


async def test_a_global_rate_limit_holds_the_workspace(stage: Stage):
    stage.discord.fail(Fault("POST", POSTS, status=429, retry_after=2.0, is_global=True))

    with pytest.raises(ChatUnavailableError) as raised:
        await stage.posting.post(PAPERS, said("later"), key())

    assert raised.value.whole_workspace


async def test_a_rate_limit_after_a_server_error_is_uncertain(stage: Stage):
    stage.discord.fail(Fault("POST", POSTS, when="after", status=500))
    stage.discord.fail(Fault("POST", POSTS, status=429, retry_after=900.0, times=9))

    with pytest.raises(ChatUncertainError):
        await stage.posting.post(PAPERS, said("twice?"), key())


async def test_a_block_by_discords_proxy_holds_the_workspace(stage: Stage):
    stage.discord.fail(Fault("POST", POSTS, status=429, retry_after=3600.0, via=False))

    with pytest.raises(ChatUnavailableError) as raised:
        await stage.posting.post(PAPERS, said("later"), key())

    assert raised.value.whole_workspace
    assert raised.value.retry_after == timedelta(hours=1)


async def test_a_rate_limit_on_opening_the_thread_is_waited_out(stage: Stage):
    stage.discord.fail(Fault("POST", r"/threads$", status=429, retry_after=3.0))

    posted = await stage.posting.post(PAPERS, paper(), key())

    assert int(posted.id) in stage.discord.world.channels


async def test_with_discord_down_posting_is_unavailable_until_it_is_back(stage: Stage):
    port = stage.discord.port
    await stage.discord.stop()
    with pytest.raises(ChatUnavailableError):
        await stage.posting.post(PAPERS, said("hello?"), key())

    await stage.discord.start(port)
    await stage.posting.post(PAPERS, said("hello"), key())

    assert texts(stage, 11) == ["hello"]


async def test_too_many_refusals_pause_all_requests(stage: Stage):
    stage.hooks.refusals_most = 3
    stage.discord.world.forbid(11, rights.SEND)
    for number in range(3):
        with pytest.raises(ChatRefusedError):
            await stage.posting.post(PAPERS, said("no"), key(number))
    asked = len(stage.discord.requests)

    with pytest.raises(ChatUnavailableError) as raised:
        await stage.posting.post(PAPERS, said("no"), key(4))

    assert len(stage.discord.requests) == asked
    assert raised.value.whole_workspace
    assert raised.value.retry_after is not None
    assert raised.value.retry_after > timedelta(minutes=9)


async def test_papers_are_posted_in_a_channel_without_threads(stage: Stage):
    stage.discord.world.add_channel(12, "voice", type=rights.VOICE)

    posted = await stage.posting.post(place(12), long_paper(), key())
    reply = await stage.posting.reply(posted, said("a remark"), key(2))

    assert words(texts(stage, 12)) == WORDS
    last = stage.discord.messages(12)[-1]
    assert (last["id"], last["message_reference"]["message_id"]) == (reply.id, posted.id)
    found = await stage.posting.find(
        place(12), key(2), since=now() - timedelta(minutes=1), root=posted
    )
    assert found == reply


@pytest.mark.parametrize(
    "missing", [rights.CREATE_THREADS, 0], ids=["without the permission", "with too many open"]
)
async def test_a_paper_is_posted_even_if_its_thread_cannot_be_opened(stage: Stage, missing: int):
    stage.discord.world.forbid(11, missing)
    stage.discord.rest.active_threads_limit = 0 if not missing else 1000

    await stage.posting.post(PAPERS, paper(), key())

    assert len(stage.discord.messages(11)) == 1


async def test_find_opens_a_missing_thread(stage: Stage):
    begun = now()
    stage.discord.fail(Fault("POST", r"/threads$", drop=True, times=9))
    with pytest.raises(ChatUncertainError):
        await stage.posting.post(PAPERS, paper("[A] study: of *things*"), key())
    stage.discord.faults.clear()

    found = await stage.posting.find(PAPERS, key(), since=begun, root=None)

    assert found is not None
    assert stage.discord.channel(int(found.id)).name == "[A] study: of *things*"


async def test_a_reply_opens_a_missing_thread(stage: Stage):
    root = await stage.posting.post(PAPERS, replace(paper("Titled"), opens_thread=False), key())

    reply = await stage.posting.reply(root, said("a remark"), key(2))

    assert stage.discord.channel(int(root.id)).name == "Titled"
    assert reply.id.startswith(f"{root.id}/")
    assert texts(stage, int(root.id)) == ["a remark"]


async def test_a_reply_reopens_an_archived_thread_but_no_locked_one(stage: Stage):
    root = await stage.posting.post(PAPERS, paper(), key())
    thread = stage.discord.channel(int(root.id))
    thread.archived = True

    await stage.posting.reply(root, said("still there?"), key(2))
    thread.archived, thread.locked = True, True
    stage.discord.world.forbid(11, rights.MANAGE_THREADS)
    with pytest.raises(ChatRefusedError, match="locked"):
        await stage.posting.reply(root, said("hello?"), key(3))

    assert texts(stage, thread.id) == ["still there?"]


async def test_a_reply_waits_while_there_are_too_many_threads(stage: Stage):
    root = await stage.posting.post(PAPERS, replace(paper(), opens_thread=False), key())
    stage.discord.rest.active_threads_limit = 0

    with pytest.raises(ChatRefusedError, match="close some") as raised:
        await stage.posting.reply(root, said("a remark"), key(2))

    assert raised.value.extent is Extent.THREAD
    assert len(stage.discord.messages(11)) == 1


@pytest.mark.parametrize("in_a_forum", [False, True])
async def test_a_reply_into_a_deleted_thread_is_refused_for_good(stage: Stage, in_a_forum: bool):
    stage.discord.world.add_channel(20, "forum", type=rights.FORUM)
    channel = place(20) if in_a_forum else PAPERS
    root = await stage.posting.post(channel, paper(), key())
    await stage.posting.delete(root)
    stage.discord.world.channels.pop(int(root.id.rpartition("/")[2]))

    with pytest.raises(ChatRefusedError) as raised:
        await stage.posting.reply(root, said("anybody?"), key(2))

    assert raised.value.extent is Extent.GONE


async def test_an_archived_thread_is_reopened_to_edit_a_reply(stage: Stage):
    root = await stage.posting.post(PAPERS, paper(), key())
    reply = await stage.posting.reply(root, said("befor"), key(2))
    stage.discord.channel(int(root.id)).archived = True

    await stage.posting.edit(reply, said("after"))

    assert texts(stage, int(root.id)) == ["after"]


async def test_a_reply_to_a_deleted_message_is_refused(stage: Stage):
    root = await stage.posting.post(PAPERS, said("here"), key())
    await stage.posting.delete(root)

    with pytest.raises(ChatRefusedError, match="no longer exists"):
        await stage.posting.reply(root, said("there?"), key(2))


@pytest.mark.parametrize("length", [1, 4])
async def test_an_edit_adds_and_removes_messages_as_needed(stage: Stage, length: int):
    before, after = (paper(), long_paper()) if length == 4 else (long_paper(), paper())
    begun = now()
    posted = await stage.posting.post(PAPERS, before, key())
    reply = await stage.posting.reply(posted, said("a remark"), key(2))

    await stage.posting.edit(posted, after)
    await stage.posting.edit(posted, after)

    in_thread = stage.discord.messages(int(posted.id))
    assert len(in_thread) == length
    assert "a remark" in texts(stage, int(posted.id))
    assert words([*texts(stage, 11), *texts(stage, int(posted.id))]) == (
        WORDS if length == 4 else []
    )
    assert await stage.posting.find(PAPERS, key(), since=begun, root=None) == posted
    assert await stage.posting.find(PAPERS, key(2), since=begun, root=posted) == reply


async def test_all_parts_of_a_long_reply_are_edited_and_deleted(stage: Stage):
    root = await stage.posting.post(PAPERS, said("root"), key())
    reply = await stage.posting.reply(root, long_paper(), key(2))
    assert words(texts(stage, int(root.id))) == WORDS

    await stage.posting.edit(reply, said("short"))
    assert texts(stage, int(root.id)) == ["short"]
    await stage.posting.delete(reply)

    assert texts(stage, int(root.id)) == []


async def test_delete_removes_every_part(stage: Stage):
    posted = await stage.posting.post(PAPERS, long_paper(), key())

    await stage.posting.delete(posted)
    await stage.posting.delete(posted)

    assert stage.discord.messages(11) == []
    assert stage.discord.messages(int(posted.id)) == []


async def test_an_unreadable_history_is_refused_and_not_taken_for_absent(stage: Stage):
    begun = now()
    stage.discord.world.forbid(11, rights.READ_HISTORY)
    await stage.posting.post(PAPERS, said("here"), key())

    with pytest.raises(ChatRefusedError, match="Read Message History"):
        await stage.posting.find(PAPERS, key(), since=begun, root=None)


async def test_a_message_is_found_behind_hundreds_of_others(stage: Stage):
    for _ in range(150):
        await stage.discord.says("talk")
    begun = now()
    for number in range(130):
        await stage.discord.says(f"more talk {number}")
    posted = await stage.posting.post(PAPERS, said("here"), key())
    for _ in range(130):
        await stage.discord.says("and more")

    assert await stage.posting.find(PAPERS, key(), since=begun, root=None) == posted


async def test_a_mark_in_somebody_elses_message_is_ignored(stage: Stage):
    begun = now()
    posted = await stage.posting.post(PAPERS, paper(), key())
    ours = stage.discord.messages(11)[0]
    await stage.posting.delete(posted)
    theirs = await stage.discord.says("a copy")
    theirs |= {"embeds": ours["embeds"], "components": ours["components"]}

    assert await stage.posting.find(PAPERS, key(), since=begun, root=None) is None


# Forums


def tagged(text: str) -> Document:
    return Document(
        (Heading((Text(text),)), Note((Text("#long-context #rl"),))), summary=text, thread_name=text
    )


async def test_a_forum_gets_a_post_a_paper_with_its_tags(stage: Stage):
    forum = stage.discord.world.add_channel(
        20, "papers", type=rights.FORUM, tags=["RL", "Long context", "other"]
    )
    begun = now()

    posted = await stage.posting.post(place(20), tagged("A paper"), key())

    thread = int(posted.id.partition("/")[0])
    assert posted == MessageRef(place(20), f"{thread}/{thread}")
    post = stage.discord.channel(thread)
    assert post.name == "A paper"
    assert post.applied_tags == [int(tag["id"]) for tag in forum.tags[:2]]
    assert await stage.posting.find(place(20), key(), since=begun, root=None) == posted


async def test_a_forum_gives_the_day_and_the_papers_of_a_digest_their_tags(stage: Stage):
    forum = stage.discord.world.add_channel(20, "papers", type=rights.FORUM, tags=["RL", "other"])
    found = stored(7, "rl", "moe")
    day, *_ = present_digest(Digest(DAY, (found,)), languages=(), layout=Layout.THREAD, say=ENGLISH)
    entry = present_entry(found, languages=(), say=ENGLISH)

    posts = [
        await stage.posting.post(place(20), day.document, key()),
        await stage.posting.post(place(20), entry, key(2)),
    ]

    for posted in posts:
        thread = stage.discord.channel(int(posted.id.partition("/")[0]))
        assert thread.applied_tags == [int(forum.tags[0]["id"])]


async def test_a_forum_that_requires_a_tag_gets_one(stage: Stage):
    stage.discord.world.add_channel(
        20, "papers", type=rights.FORUM, tags=["misc"], requires_tag=True
    )

    await stage.posting.post(place(20), tagged("A paper"), key())

    assert len(stage.discord.world.threads_of(1)) == 1


async def test_a_forum_that_requires_a_tag_and_has_none_is_refused_with_a_reason(stage: Stage):
    stage.discord.world.add_channel(20, "papers", type=rights.FORUM, requires_tag=True)

    with pytest.raises(ChatRefusedError, match="tag"):
        await stage.posting.post(place(20), tagged("A paper"), key())


@pytest.mark.parametrize("how", ["drop", "500", "slow"])
async def test_a_forum_post_whose_response_is_lost_is_never_sent_twice(stage: Stage, how: str):
    stage.discord.world.add_channel(20, "papers", type=rights.FORUM)
    begun = now()
    fault = Fault("POST", "/channels/20/threads", when="after", drop=how == "drop")
    fault.status = 500 if how == "500" else 0
    fault.delay = 0.0
    stage.discord.fail(fault)
    if how == "slow":
        fault.times = 0
    else:
        with pytest.raises(ChatUncertainError):
            await stage.posting.post(place(20), long_paper(), key())

    found = await stage.posting.find(place(20), key(), since=begun, root=None)
    if found is None:
        found = await stage.posting.post(place(20), long_paper(), key(), begun)

    assert len(stage.discord.world.threads_of(1)) == 1
    assert words(texts(stage, int(found.id.partition("/")[0]))) == WORDS


async def test_a_reply_in_a_forum_is_posted_in_the_post(stage: Stage):
    stage.discord.world.add_channel(20, "papers", type=rights.FORUM)
    begun = now()
    root = await stage.posting.post(place(20), said("post"), key())

    reply = await stage.posting.reply(root, said("a remark"), key(2))
    await stage.posting.edit(root, said("edited post"))

    thread = int(root.id.partition("/")[0])
    assert texts(stage, thread) == ["edited post", "a remark"]
    assert await stage.posting.find(place(20), key(2), since=begun, root=root) == reply
