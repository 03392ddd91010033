"""The chat's JSON API, over real HTTP."""

import itertools
import sqlite3
from contextlib import closing
from typing import Any

import aiohttp
import pytest

from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef, Platform
from bot.webchat.domain.board import BoardMessage
from tests.platforms.web.stage import Stage, staged

GENERAL = ChannelRef(Platform.WEB, "", "general")
numbers = itertools.count()


def nonce() -> str:
    return f"nonce-{next(numbers):08}"


async def say(stage: Stage, text: str, **more: object) -> tuple[int, dict[str, Any]]:
    body = {"channel": "general", "text": text, "nonce": nonce()} | more
    return await stage.post("/api/say", **body)


async def messages(stage: Stage, root: int | None = None) -> tuple[BoardMessage, ...]:
    return await stage.board.list_messages("general", limit=100, root=root)


async def post_paper(stage: Stage) -> int:
    document = Document((Paragraph((Text("a paper"),)),), summary="a paper", opens_thread=True)
    return int((await stage.chat.post(GENERAL, document, key=DeliveryKey("paper"))).id)


async def test_a_text_is_posted_for_everybody(stage: Stage):
    status, answer = await say(stage, "안녕하세요")

    assert status == 200
    (kept,) = await messages(stage)
    assert kept.content == "안녕하세요"
    assert kept.author is not None
    assert kept.author.name.startswith("Guest")
    assert "안녕하세요" in answer["change"]["html"]
    assert stage.inbox.received == []


async def test_a_reply_is_stored_and_then_delivered_to_the_inbox(stage: Stage):
    root = await post_paper(stage)

    await say(stage, "what about @paperbot then?", root=root)

    (reply,) = await messages(stage, root=root)
    (heard,) = stage.inbox.received
    assert heard.root == MessageRef(GENERAL, str(root))
    assert heard.message == MessageRef(GENERAL, str(reply.id))
    assert heard.text == "what about @paperbot then?"
    assert heard.mentions_bot
    assert reply.author is not None
    assert heard.user.id == reply.author.id


@pytest.mark.parametrize(
    ("text", "is_called"),
    [
        ("@paperbot초록", True),
        ("네@PaperBot 초록", True),
        ("@paperbotic is another", False),
        ("mail me@paperbot", False),
    ],
)
async def test_the_bot_is_mentioned_also_without_a_space_before_hangul(stage, text, is_called):
    await say(stage, text, root=await post_paper(stage))

    (heard,) = stage.inbox.received
    assert heard.mentions_bot is is_called


async def test_a_repeated_nonce_posts_once(stage: Stage):
    again = nonce()

    await say(stage, "once", nonce=again)
    await say(stage, "once", nonce=again)

    assert len(await messages(stage)) == 1


async def test_the_answer_to_a_look_up_is_public_and_names_who_asked(stage: Stage):
    status, answer = await say(stage, "/paper reasoning")

    assert status == 200
    (kept,) = await messages(stage)
    assert kept.by_bot
    assert kept.question == "/paper reasoning"
    assert "Sample paper number 1 " in answer["change"]["html"]
    assert "/paper reasoning" in answer["change"]["html"]
    (command,) = stage.inbox.asked
    assert (command.name, dict(command.options)) == ("paper", {"query": "reasoning"})
    assert command.channel == GENERAL
    assert not command.user.can_manage


async def test_a_look_up_in_a_thread_is_answered_there(stage: Stage):
    root = await post_paper(stage)

    await say(stage, "/paper reasoning", root=root)

    (answer,) = await messages(stage, root=root)
    assert answer.by_bot
    assert stage.inbox.asked[0].root == MessageRef(GENERAL, str(root))


async def test_a_private_answer_is_not_stored(stage: Stage):
    status, answer = await say(stage, "/digest today")

    assert status == 200
    assert "Only you see this" in answer["private"]
    assert "Sample paper number 1 " in answer["private"]
    assert await messages(stage) == ()


async def test_an_unknown_command_is_explained_privately(stage: Stage):
    _, answer = await say(stage, "/papre <b>x</b>")

    assert "There is no command “/papre”" in answer["private"]
    assert stage.inbox.asked == []
    assert await messages(stage) == ()


async def test_another_page_of_an_own_answer_replaces_it_for_everybody(stage: Stage):
    await say(stage, "/paper reasoning")
    (before,) = await messages(stage)

    _, answer = await stage.post(
        "/api/press", channel="general", message=before.id, line="/paper reasoning page:2"
    )

    (after,) = await messages(stage)
    assert after.id == before.id
    assert after.question == "/paper reasoning page:2"
    assert "Sample paper number 29 " in str(answer["change"])


async def test_another_page_of_somebody_elses_answer_is_private(stage: Stage):
    await say(stage, "/paper reasoning")
    (before,) = await messages(stage)

    async with (
        aiohttp.ClientSession() as other,
        other.post(
            stage.url("/api/press"),
            json={"channel": "general", "message": before.id, "line": "/paper reasoning page:2"},
            headers=stage.own,
        ) as response,
    ):
        answer = await response.json()

    assert "Sample paper number 29 " in answer["private"]
    assert await messages(stage) == (before,)


async def test_a_button_with_another_command_posts_nothing(stage: Stage):
    await say(stage, "/paper reasoning")
    (before,) = await messages(stage)

    _, answer = await stage.post(
        "/api/press", channel="general", message=before.id, line="/paper entry:3"
    )

    assert "Sample paper number 3 " in str(answer["private"])
    assert answer["in_place"] is False
    assert await messages(stage) == (before,)


async def test_another_page_of_a_private_answer_replaces_it(stage: Stage):
    _, answer = await stage.post(
        "/api/press",
        channel="general",
        line="/paper reasoning page:2",
        shown="/paper reasoning",
    )

    assert answer["in_place"] is True


async def test_a_button_of_a_deleted_message_still_works(stage: Stage):
    _, answer = await stage.post(
        "/api/press", channel="general", message=99999, line="/paper entry:3"
    )

    assert "Sample paper number 3 " in str(answer["private"])


async def test_an_edited_reply_is_delivered_again(stage: Stage):
    root = await post_paper(stage)
    _, answer = await say(stage, "helo", root=root)
    number = answer["change"]["id"]

    status, mended = await stage.post("/api/edit", message=number, text="hello")

    assert status == 200
    assert "edited" in str(mended["change"])
    assert [said.text for said in stage.inbox.received] == ["helo", "hello"]
    assert stage.inbox.received[0].message == stage.inbox.received[1].message


async def test_a_deleted_reply_is_delivered_as_deleted(stage: Stage):
    root = await post_paper(stage)
    _, answer = await say(stage, "oops", root=root)

    status, gone = await stage.post("/api/remove", message=answer["change"]["id"])

    assert status == 200
    assert '"gone": true' in str(gone).replace("'", '"').replace("True", "true")
    assert stage.inbox.deleted == [MessageRef(GENERAL, str(answer["change"]["id"]))]
    assert await messages(stage, root=root) == ()


async def test_messages_of_others_cannot_be_changed(stage: Stage):
    _, answer = await say(stage, "mine")
    paper = await post_paper(stage)

    async with aiohttp.ClientSession() as other:
        for number in (answer["change"]["id"], paper):
            for path, more in (("edit", {"text": "yours"}), ("remove", {})):
                async with other.post(
                    stage.url(f"/api/{path}"),
                    json={"message": number, **more},
                    headers=stage.own,
                ) as response:
                    assert response.status == 403

    assert [m.deleted for m in await messages(stage)] == [False, False]


async def test_tags_are_completed_in_a_look_up(stage: Stage):
    query = {"channel": "general", "line": "/paper re"}

    async with stage.client.get(stage.url("/api/complete"), params=query) as response:
        choices = await response.json()

    assert [choice["value"] for choice in choices] == ["/paper reasoning", "/paper reward-model"]


@pytest.mark.parametrize(
    ("line", "root", "first"),
    [
        ("@pa", "", "@paperbot "),
        ("@paperbot re", "", "@paperbot reasoning"),
        ("@paperbot re", "1", "@paperbot refs"),
        ("@paperbot: 초", "1", "@paperbot 초록"),
    ],
)
async def test_a_call_of_the_bot_is_completed(stage: Stage, line: str, root: str, first: str):
    query = {"channel": "general", "line": line, "root": root}

    async with stage.client.get(stage.url("/api/complete"), params=query) as response:
        choices = await response.json()

    assert choices[0]["value"] == first


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("@paperbot reasoning", ("paper", {"query": "reasoning"})),
        ("@PaperBot: digest today", ("digest", {"what": "today"})),
        ("@paperbot", ("help", {})),
        ("@paperbot보상", ("paper", {"query": "보상"})),
    ],
)
async def test_the_bot_answers_to_its_name_in_the_channel(stage: Stage, text: str, asked: object):
    await say(stage, text)

    (command,) = stage.inbox.asked
    assert (command.name, dict(command.options)) == asked


async def test_a_message_that_only_mentions_the_bot_is_posted(stage: Stage):
    await say(stage, "I like @paperbot")

    assert stage.inbox.asked == []
    assert [message.content for message in await messages(stage)] == ["I like @paperbot"]


async def test_other_options_have_no_suggestions(stage: Stage):
    for line in ("/nothing ", "just talk", "", "@somebody"):
        async with stage.client.get(
            stage.url("/api/complete"), params={"channel": "general", "line": line}
        ) as response:
            assert await response.json() == []


async def test_a_chosen_name_is_shown_with_later_messages(stage: Stage):
    status, answer = await stage.post("/api/name", name="  민지\u202e  \n")
    await say(stage, "hello")

    (kept,) = await messages(stage)
    assert (status, answer) == (200, {"name": "민지"})
    assert kept.author is not None
    assert kept.author.name == "민지"


async def test_an_empty_name_is_refused(stage: Stage):
    status, answer = await stage.post("/api/name", name="\u200b \u2028")

    assert status == 422
    assert "1 to 40" in str(answer["error"])


async def test_too_long_a_text_is_refused(stage: Stage):
    status, answer = await say(stage, "x" * 4001)

    assert status == 422
    assert "4001" in answer["error"]
    assert await messages(stage) == ()


async def test_malformed_characters_are_dropped(stage: Stage):
    await say(stage, "a\ud800\u0000b\r\nc")

    (kept,) = await messages(stage)
    assert kept.content == "ab\nc"


async def test_missing_channels_and_threads_are_not_found(stage: Stage):
    _, reply = await say(stage, "x", root=await post_paper(stage))
    inner = reply["change"]["id"]

    assert (await say(stage, "x", channel="nowhere"))[0] == 404
    assert (await say(stage, "x", root=12345))[0] == 404
    assert (await say(stage, "x", root=inner))[0] == 404
    assert (await say(stage, "x", root="1"))[0] == 422
    assert (await say(stage, "x", root=True))[0] == 422
    assert (await say(stage, "x", root=2**70))[0] == 422
    assert (await say(stage, "x", nonce="?"))[0] == 422
    assert (await stage.post("/api/edit", message=12345, text="x"))[0] == 404


async def test_only_the_operator_adds_channels(stage: Stage):
    assert (await stage.post("/api/channel", name="other"))[0] == 403

    await stage.become_operator()

    status, answer = await stage.post("/api/channel", name="#독서-모임")
    assert (status, answer) == (200, {"name": "독서-모임"})
    assert "독서-모임" in await stage.board.list_channels()
    assert await stage.post("/api/channel", name="# Reading  Group ") == (
        200,
        {"name": "reading-group"},
    )
    assert (await stage.post("/api/channel", name="a/b"))[0] == 422
    async with stage.client.get(stage.url("/c/독서-모임")) as response:
        assert response.status == 200


async def test_a_locked_database_is_answered_after_a_bounded_time():
    async with staged(patience=3) as stage:
        await say(stage, "hello")
        with closing(sqlite3.connect(str(stage.db.location), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            status, answer = await say(stage, "/paper reasoning")
            other.execute("ROLLBACK")

        assert status == 503
        assert answer["error"] == (
            "The bot is busy: its database was not free for 3 s. Try again in a moment."
        )
        assert (await say(stage, "/paper reasoning"))[0] == 200
