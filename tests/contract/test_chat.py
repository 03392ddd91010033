"""What every `Chat` does, on every platform: one suite, parametrised over them.

A platform joins by adding to `PLATFORMS` a function that opens a `Case`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bot.core.domain.document import (
    Button,
    Buttons,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Style,
    Text,
)
from bot.core.ports import ChannelRef, Chat, ChatRefusedError, DeliveryKey, MessageRef
from bot.discussion.domain.present_discussion import present_copy
from tests.fakes.discord import text_of
from tests.fakes.discord.world import FORUM
from tests.fakes.slack.workspaces import workspaces
from tests.platforms.discord.stage import PAPERS, posting_alone
from tests.platforms.mail.stage import TEAM
from tests.platforms.mail.stage import staged as staged_mail
from tests.platforms.slack.stage import CHANNEL as SLACK_CHANNEL
from tests.platforms.slack.stage import Clock, RecordingInbox, Remembered, said_in_blocks
from tests.platforms.slack.stage import staged as staged_slack
from tests.platforms.slack.workspaces import serving
from tests.platforms.web.stage import staged


@dataclass(frozen=True, slots=True)
class Case:
    """A running chat, a channel that it may post in, and eyes on the platform itself.

    `read` gives everything that a person sees of a message as text, `None` when it is gone;
    `thread` the same for each message in a thread, oldest first; `roots` are the bot's messages in
    the channel itself. `now` is the platform's time.
    """

    chat: Chat
    channel: ChannelRef
    unknown: ChannelRef
    read: Callable[[MessageRef], Awaitable[str | None]]
    thread: Callable[[MessageRef], Awaitable[list[str]]]
    roots: Callable[[], Awaitable[list[MessageRef]]]
    now: Callable[[], datetime]
    wait: Callable[[timedelta], None]
    changes: bool = True
    """Whether messages can be edited and removed."""


@asynccontextmanager
async def web(*, to: str = "") -> AsyncIterator[Case]:
    async with staged() as stage:
        channel = ChannelRef(stage.chat.platform, "", "general")
        if to:
            channel = await stage.chat.direct_channel("", to)

        async def read(message: MessageRef) -> str | None:
            found = await stage.board.find(int(message.id))
            if found is None or found.deleted or not isinstance(found.content, Document):
                return None
            async with stage.client.get(stage.url("/")) as response:
                assert response.status == 200
            return words(found.content)

        async def thread(root: MessageRef) -> list[str]:
            replies = await stage.board.list_messages(root.channel.id, limit=100, root=int(root.id))
            return [words(m.content) for m in replies if isinstance(m.content, Document)]

        async def roots() -> list[MessageRef]:
            found = await stage.board.list_messages(channel.id, limit=100)
            return [MessageRef(channel, str(message.id)) for message in found]

        def wait(length: timedelta) -> None:
            stage.clock.at += length

        unknown = replace(channel, id="nowhere")
        yield Case(stage.chat, channel, unknown, read, thread, roots, stage.clock, wait)


@asynccontextmanager
async def slack(*, to: str = "") -> AsyncIterator[Case]:
    async with staged_slack() as stage:
        channel = await stage.chat.direct_channel("T1", to) if to else SLACK_CHANNEL
        place = channel.id

        async def read(message: MessageRef) -> str | None:
            found = stage.slack.channel(place).messages.get(message.id)
            return None if found is None else said_in_blocks(found["blocks"])

        async def thread(root: MessageRef) -> list[str]:
            found = stage.slack.replies(root.id, place)
            return [said_in_blocks(reply["blocks"]) for reply in found]

        async def roots() -> list[MessageRef]:
            return [MessageRef(channel, found["ts"]) for found in stage.slack.messages(place)]

        def wait(length: timedelta) -> None:
            stage.clock.ahead += length

        unknown = replace(channel, id="C404")
        yield Case(stage.chat, channel, unknown, read, thread, roots, stage.clock, wait)


@asynccontextmanager
async def slack_beside_another_workspace() -> AsyncIterator[Case]:
    """One of two workspaces in which all ids are the same; nothing may reach the other."""
    clock = Clock()
    async with (
        workspaces("T1", "T2", clock=clock.timestamp) as fake,
        serving(fake, RecordingInbox(), clock=clock, seen=Remembered()) as chat,
    ):
        slack, channel = fake.of["T2"], replace(SLACK_CHANNEL, workspace="T2")

        async def read(message: MessageRef) -> str | None:
            found = slack.channel().messages.get(message.id)
            return None if found is None else said_in_blocks(found["blocks"])

        async def thread(root: MessageRef) -> list[str]:
            return [said_in_blocks(reply["blocks"]) for reply in slack.replies(root.id)]

        async def roots() -> list[MessageRef]:
            return [MessageRef(channel, found["ts"]) for found in slack.messages()]

        def wait(length: timedelta) -> None:
            clock.ahead += length

        unknown = replace(channel, id="C404")
        yield Case(chat, channel, unknown, read, thread, roots, clock, wait)
        assert fake.of["T1"].channel().messages == {}


@asynccontextmanager
async def discord(channel: ChannelRef = PAPERS) -> AsyncIterator[Case]:
    async with posting_alone() as stage:
        stage.discord.world.add_channel(20, "forum", type=FORUM)

        def place(message: MessageRef) -> tuple[int, int]:
            thread, _, own = message.id.rpartition("/")
            return int(thread or message.channel.id), int(own)

        async def read(message: MessageRef) -> str | None:
            channel, own = place(message)
            found = stage.discord.channel(channel).messages.get(own)
            return None if found is None else text_of(found)

        async def thread(root: MessageRef) -> list[str]:
            _, own = place(root)
            if own not in stage.discord.world.channels:
                return []
            return [text_of(m) for m in stage.discord.messages(own) if m["id"] != str(own)]

        async def roots() -> list[MessageRef]:
            if channel.id == PAPERS.id:
                found = [m["id"] for m in stage.discord.messages(int(channel.id))]
            else:
                threads = stage.discord.world.threads_of(int(channel.workspace))
                posts = [each.id for each in threads if each.parent == int(channel.id)]
                found = [f"{post}/{post}" for post in posts]
            return [MessageRef(channel, each) for each in found]

        def wait(length: timedelta) -> None:
            stage.clock.ahead += length

        unknown = replace(channel, id="404")
        yield Case(stage.chat, channel, unknown, read, thread, roots, stage.clock, wait)


def discord_forum() -> AbstractAsyncContextManager[Case]:
    return discord(replace(PAPERS, id="20"))


@asynccontextmanager
async def discord_direct() -> AsyncIterator[Case]:
    """Direct messages have no threads: what is said under a message answers it."""
    async with posting_alone() as stage:
        channel = await stage.chat.direct_channel("1", "102")
        place = int(channel.id)

        async def read(message: MessageRef) -> str | None:
            found = stage.discord.channel(place).messages.get(int(message.id))
            return None if found is None else text_of(found)

        async def thread(root: MessageRef) -> list[str]:
            among = {root.id}
            found = []
            for message in stage.discord.messages(place):
                if _answered(message) in among:
                    among.add(message["id"])
                    found.append(text_of(message))
            return found

        async def roots() -> list[MessageRef]:
            found = [m["id"] for m in stage.discord.messages(place) if not _answered(m)]
            return [MessageRef(channel, each) for each in found]

        def wait(length: timedelta) -> None:
            stage.clock.ahead += length

        unknown = replace(channel, id="404")
        yield Case(stage.chat, channel, unknown, read, thread, roots, stage.clock, wait)


@asynccontextmanager
async def mail() -> AsyncIterator[Case]:
    """A thread is what refers to its first message."""
    async with staged_mail() as stage:
        fake = stage.fake

        async def read(message: MessageRef) -> str | None:
            [found] = [each for each in fake.to(TEAM.id) if message.id in each["Message-ID"]]
            body = found.get_body(("plain",))
            assert body is not None
            text = str(body.get_content()).replace("\r\n", "\n")
            return text.rpartition("\n-- \n")[0].strip()

        async def thread(root: MessageRef) -> list[str]:
            found = [m for m in fake.to(TEAM.id) if root.id in str(m["In-Reply-To"])]
            ids = [m["Message-ID"][1:].partition("@")[0] for m in found]
            return [await read(MessageRef(TEAM, each)) or "" for each in ids]

        async def roots() -> list[MessageRef]:
            found = [m for m in fake.to(TEAM.id) if m["In-Reply-To"] is None]
            return [MessageRef(TEAM, m["Message-ID"][1:].partition("@")[0]) for m in found]

        def wait(length: timedelta) -> None:
            stage.clock.ahead += length

        unknown = replace(TEAM, id="nobody@example.org")
        yield Case(stage.chat, TEAM, unknown, read, thread, roots, stage.clock, wait, changes=False)


PLATFORMS: dict[str, Callable[[], AbstractAsyncContextManager[Case]]] = {
    "discord": discord,
    "discord direct": discord_direct,
    "discord forum": discord_forum,
    "mail": mail,
    "slack": slack,
    "slack direct": partial(slack, to="U2"),
    "slack beside another workspace": slack_beside_another_workspace,
    "web": web,
    "web direct": partial(web, to="0123456789abcdef"),
}


def _answered(message: Mapping[str, Any]) -> str:
    """The id of the message that one answers, or an empty string."""
    return str((message.get("message_reference") or {}).get("message_id") or "")


@pytest.fixture(params=sorted(PLATFORMS))
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    async with PLATFORMS[request.param]() as opened:
        yield opened


@pytest.fixture(params=sorted(set(PLATFORMS) - {"mail"}))
async def changing(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    """A platform whose messages can be edited and removed."""
    async with PLATFORMS[request.param]() as opened:
        yield opened


def words(document: Document) -> str:
    """The text of a document that stands in its paragraphs and headings."""
    found = []
    for block in document.blocks:
        if isinstance(block, Heading | Paragraph | Quote | Note):
            found += [inline.text for inline in block.inlines]
    return " ".join(found)


def said(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)


def key(name: str) -> DeliveryKey:
    return DeliveryKey(f"contract{name}")


HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "@everyone @here <@U123> <!channel> <#C1> <https://evil.example|bank>",
    "**bold** _it_ ~no~ `code` ```block``` [label](https://evil.example) ||spoiler||",
    "\u202egnirts desrever \u2066 isolate without end",
    "Z" + "\u0351\u0489\u0317" * 200,
    "&amp; &lt;b&gt; \u2028 \u2029 \u0000 \u001b[31m",
    "{{ 7 * 7 }} {% raw %} %s {0} ${x}",
    "끝나지 않는 글자 " + "가" * 500,
)

EVERY_BLOCK = Document(
    (
        Heading((Link("A title that leads somewhere", "https://example.org/paper"),)),
        Note((Text("Ada Example, 김예시 · 4 February 2025"),)),
        Paragraph(
            (
                Text("Plain, "),
                Text("strong", Style.STRONG),
                Text("leaning", Style.EMPHASIS),
                Text("code", Style.CODE),
                Link("and a link", "https://example.org/?a=1&b=2"),
            ),
            language="en",
        ),
        Quote((Text("그대로 옮긴 말"),), language="ko"),
        Items(
            (
                Item((Text("First"),), detail=(Text("with a detail"),), number=1),
                Item((Text("Second"),), number=2, button=Button("Read", command="/paper entry:2")),
                Item((Text("Third, without a number"),)),
            )
        ),
        Fields((("Label", (Text("value"),)), ("꼬리표", (Link("값", "https://example.org"),)))),
        Code("@misc{key,\n  title = {{A title}},\n}"),
        Divider(),
        Buttons(
            (Button("Ask", command="/paper x page:2"), Button("Go", url="https://example.org"))
        ),
    ),
    summary="Everything at once",
    opens_thread=True,
    thread_name="Everything",
)


async def test_a_posted_message_is_found_by_its_key(case: Case):
    begun = case.now()

    posted = await case.chat.post(case.channel, said("hello"), key=key("1"))

    assert await case.chat.find(case.channel, key("1"), since=begun) == posted
    assert await case.read(posted) == "hello"


async def test_a_message_that_was_never_posted_is_not_found(case: Case):
    begun = case.now()
    await case.chat.post(case.channel, said("another"), key=key("2"))

    assert await case.chat.find(case.channel, key("absent"), since=begun) is None


async def test_a_message_from_before_since_is_not_found(case: Case):
    await case.chat.post(case.channel, said("early"), key=key("3"))
    case.wait(timedelta(minutes=5))

    assert await case.chat.find(case.channel, key("3"), since=case.now()) is None


async def test_the_same_key_again_is_the_same_message(case: Case):
    first = await case.chat.post(case.channel, said("once"), key=key("4"))

    again = await case.chat.post(case.channel, said("once"), key=key("4"))

    assert again == first


async def test_a_reply_stands_in_the_thread_and_is_found_by_its_key(case: Case):
    begun = case.now()
    root = await case.chat.post(case.channel, said("a paper"), key=key("5"))

    reply = await case.chat.reply(root, said("a remark"), key=key("6"))

    assert await case.thread(root) == ["a remark"]
    assert await case.chat.find(case.channel, key("6"), since=begun, root=root) == reply


async def test_the_same_reply_again_is_the_same_message(case: Case):
    root = await case.chat.post(case.channel, said("a paper"), key=key("7"))
    first = await case.chat.reply(root, said("once"), key=key("8"))

    again = await case.chat.reply(root, said("once"), key=key("8"))

    assert again == first
    assert await case.thread(root) == ["once"]


async def test_an_edit_replaces_what_a_message_says(changing: Case):
    posted = await changing.chat.post(changing.channel, said("befor"), key=key("9"))

    await changing.chat.edit(posted, said("after"))
    await changing.chat.edit(posted, said("after"))

    assert await changing.read(posted) == "after"


async def test_an_edited_message_is_still_found(changing: Case):
    begun = changing.now()
    posted = await changing.chat.post(changing.channel, said("befor"), key=key("10"))

    await changing.chat.edit(posted, said("after"))

    assert await changing.chat.find(changing.channel, key("10"), since=begun) == posted


async def test_a_deleted_message_is_gone_and_may_be_deleted_again(changing: Case):
    posted = await changing.chat.post(changing.channel, said("oops"), key=key("11"))

    await changing.chat.delete(posted)
    await changing.chat.delete(posted)

    assert await changing.read(posted) is None


async def test_a_channel_that_is_not_there_refuses_for_good(case: Case):
    with pytest.raises(ChatRefusedError, match=r"\w"):
        await case.chat.post(case.unknown, said("anybody?"), key=key("12"))


async def test_every_kind_of_block_can_be_posted_edited_and_replied(case: Case):
    posted = await case.chat.post(case.channel, EVERY_BLOCK, key=key("13"))

    await case.chat.reply(posted, EVERY_BLOCK, key=key("14"))
    if case.changes:
        await case.chat.edit(posted, replace(EVERY_BLOCK, summary="Everything, mended"))

    shown = await case.read(posted)
    assert shown is not None
    assert "A title that leads somewhere" in shown
    assert "그대로 옮긴 말" in shown


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_posted_as_text(case: Case, text: str):
    document = Document(
        (Heading((Text(text),)), Paragraph((Link(text, "https://example.org"),))), summary=text
    )

    posted = await case.chat.post(case.channel, document, key=key("15"))

    assert await case.read(posted) is not None


async def test_messages_keep_the_order_they_were_posted_in(case: Case):
    root = await case.chat.post(case.channel, said("a paper"), key=key("16"))
    for number in range(5):
        await case.chat.reply(root, said(f"part {number}"), key=key(f"17n{number}"))

    assert await case.thread(root) == [f"part {number}" for number in range(5)]


async def test_a_reply_is_edited_and_removed_and_the_others_stay(changing: Case):
    root = await changing.chat.post(changing.channel, said("a paper"), key=key("18"))
    first = await changing.chat.reply(root, said("first"), key=key("19"))
    second = await changing.chat.reply(root, said("secnd"), key=key("20"))
    await changing.chat.reply(root, said("third"), key=key("21"))

    await changing.chat.edit(second, said("second"))
    await changing.chat.delete(first)
    await changing.chat.delete(first)

    assert await changing.thread(root) == ["second", "third"]


async def test_under_a_message_that_is_gone_replies_are_refused_or_stay_in_its_thread(
    changing: Case,
):
    root = await changing.chat.post(changing.channel, said("a paper"), key=key("22"))
    await changing.chat.delete(root)

    replied = None
    with suppress(ChatRefusedError):
        replied = await changing.chat.reply(root, said("anybody?"), key=key("23"))

    # A forum's post outlives its first message.
    assert replied is None or await changing.thread(root) == ["anybody?"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_copied_reply_is_quoted_as_text(case: Case, text: str):
    root = await case.chat.post(case.channel, said("a paper"), key=key("24"))

    await case.chat.reply(root, present_copy(text, "slack", f"{text} end"), key=key("25"))

    [shown] = await case.thread(root)
    assert "end" in shown


async def test_a_reply_of_ten_thousand_characters_is_there_whole(case: Case):
    root = await case.chat.post(case.channel, said("a paper"), key=key("26"))
    text = " ".join(f"word{number}" for number in range(1200))

    reply = await case.chat.reply(root, present_copy("Ada", "slack", text), key=key("27"))

    assert text.split()[-1] in " ".join(await case.thread(root))
    begun = case.now() - timedelta(minutes=5)
    assert await case.chat.find(case.channel, key("27"), since=begun, root=root) == reply
