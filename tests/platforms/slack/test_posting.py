"""Delivery on Slack: exactly once, whatever breaks in between."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.catalogue import Catalogues
from bot.core.domain.document import (
    Button,
    Buttons,
    Document,
    Heading,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Text,
)
from bot.core.domain.extent import Extent
from bot.core.ports import (
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    DeliveryKey,
    MessageRef,
)
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import open_client
from bot.platforms.slack.posting import Posting
from tests.fakes.slack import BOT_TOKEN, FakeSlack, Fault, Limits
from tests.fakes.slack.blocks import problems
from tests.platforms.slack.stage import CHANNEL, Clock, no_waiting

KEY = DeliveryKey("d0123456789abcdef01234567")
SHORT = Document((Paragraph((Text("A short remark."),)),), "Short")
LONG = Document(
    (Heading((Text("Long"),)), *(Paragraph((Text(f"Part {n}. " * 300),)) for n in range(14))),
    "Long",
)


class Bench:
    """One fake Slack, and as many attempts at posting as a test likes, each without memory."""

    def __init__(self, slack: FakeSlack, clock: Clock, client: Any) -> None:
        self.slack = slack
        self.clock = clock
        self.client = client

    def attempt(self) -> Posting:
        return Posting(self.client, clock=self.clock, sleep=no_waiting)

    async def post(
        self,
        document: Document = SHORT,
        key: DeliveryKey = KEY,
        *,
        since: datetime | None = None,
    ) -> MessageRef:
        return await self.attempt().post(CHANNEL, None, document, key, since)

    async def find(self, *, root: MessageRef | None = None) -> MessageRef | None:
        since = self.clock() - timedelta(minutes=1)
        return await self.attempt().find(CHANNEL, KEY, since=since, root=root)


@pytest.fixture
async def bench():
    clock = Clock()
    async with (
        FakeSlack(clock=clock.timestamp) as slack,
        open_client(Access(BOT_TOKEN, api_base=slack.url)) as client,
    ):
        yield Bench(slack, clock, client)


async def test_a_message_is_posted_with_its_text_and_without_previews(bench):
    posted = await bench.post()

    (message,) = bench.slack.messages()
    assert (message["ts"], message["text"]) == (posted.id, "Short\nA short remark.")
    (call,) = bench.slack.calls_of("chat.postMessage")
    assert (call.args["unfurl_links"], call.args["unfurl_media"]) == (False, False)


@pytest.mark.parametrize(
    "fault", [{"drop": True}, {"status": 500}, {"status": 503}, {"delay": 0.5}]
)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_broken_response_is_uncertain_and_find_decides(bench, fault, when):
    if "delay" in fault:
        fault = {**fault, "drop": True}
    bench.slack.faults.append(Fault("chat.postMessage", when=when, **fault))

    with pytest.raises(ChatUncertainError):
        await bench.post()

    found = await bench.find()
    assert (found is not None) == (when == "after")
    assert len(bench.slack.calls_of("chat.postMessage")) == 1
    if found is None:
        await bench.post()
    assert len(bench.slack.messages()) == 1


async def test_a_rate_limit_gives_its_retry_after_and_nothing_is_posted(bench):
    bench.slack.limits = Limits(tiers=False, clock=lambda: 0.0)
    await bench.post(key=DeliveryKey("first"))

    with pytest.raises(ChatUnavailableError) as refused:
        await bench.post()

    assert refused.value.retry_after == timedelta(seconds=1)
    assert len(bench.slack.messages()) == 1


async def test_a_refused_connection_is_certainly_not_posted(bench):
    async with open_client(Access(BOT_TOKEN, api_base="http://127.0.0.1:9/api/")) as client:
        posting = Posting(client, clock=bench.clock, sleep=no_waiting)

        with pytest.raises(ChatUnavailableError):
            await posting.post(CHANNEL, None, SHORT, KEY)


@pytest.mark.parametrize("body", ["<html>", "", "[]", "null", '"text"'])
async def test_a_response_that_is_not_from_slack_is_uncertain(bench, body):
    bench.slack.faults.append(Fault("chat.postMessage", status=200, body=body))

    with pytest.raises(ChatUncertainError):
        await bench.post()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("not_in_channel", "/invite @paperbot"),
        ("is_archived", "archived"),
        ("channel_not_found", "check the id"),
    ],
)
async def test_a_refusal_says_what_to_do(bench, error, words):
    bench.slack.faults.append(Fault("chat.postMessage", error=error))

    with pytest.raises(ChatRefusedError, match=words):
        await bench.post()


BAD_BLOCKS = [
    {"ok": False, "error": "invalid_blocks"},
    {"ok": False, "error": "invalid_blocks_format"},
    {"ok": False, "error": "msg_blocks_too_long"},
    {
        "ok": False,
        "error": "invalid_arguments",
        "response_metadata": {"messages": ["[ERROR] failed [json-pointer:/blocks/0/text]"]},
    },
]
RICH = Document(
    (
        Heading((Text("A & B"),)),
        Paragraph((Text("Read "), Link("the paper", "https://arxiv.org/abs/2502.01456"))),
        Items(
            (
                Item((Text("First"),), number=1, button=Button("Show", command="/paper entry:1")),
                Item((Text("Second"),), number=2, button=Button("Show", command="/paper entry:2")),
            )
        ),
        Note((Text("Small print"),)),
        Buttons((Button("Abstract", command="/paper entry:7"),)),
    ),
    "Rich",
)


def refused_blocks(answer: dict[str, Any], method: str = "chat.postMessage") -> Fault:
    return Fault(method, status=200, body=json.dumps(answer))


@pytest.mark.parametrize("answer", BAD_BLOCKS, ids=lambda answer: answer["error"])
async def test_rejected_blocks_are_sent_as_plain_text(bench, answer):
    bench.slack.faults.append(refused_blocks(answer))

    await bench.post(RICH)

    (message,) = bench.slack.messages()
    assert "blocks" not in message
    assert message["text"].splitlines() == [
        "A &amp; B",
        "Read <https://arxiv.org/abs/2502.01456|the paper>",
        "1. First",
        "2. Second",
        "1. First: /paper entry:1",
        "2. Second: /paper entry:2",
        "Small print",
        "Abstract: /paper entry:7",
        "(Slack rejected this message's formatting; it is shown as plain text.)",
    ]
    assert await bench.find() is not None


async def test_a_korean_message_says_in_korean_that_its_formatting_is_missing(bench):
    bench.slack.faults.append(refused_blocks(BAD_BLOCKS[0]))
    document = Document((Paragraph((Text("보상 모델을 다룬 논문입니다."),)),), "보상 모델")
    posting = Posting(bench.client, clock=bench.clock, voices=Catalogues(), sleep=no_waiting)

    await posting.post(CHANNEL, None, document, KEY)

    assert "Slack이" in bench.slack.messages()[0]["text"]


async def test_an_edit_without_blocks_is_shortened_to_what_slack_takes(bench):
    posted = await bench.post()
    long = Document((Paragraph((Text("<" * 2000 + " end"),)),), "Long")
    bench.slack.faults.append(refused_blocks(BAD_BLOCKS[0], "chat.update"))

    await bench.attempt().edit(posted, long)

    (message,) = bench.slack.messages()
    assert len(message["text"]) <= 4000
    assert message["text"].endswith("plain text, shortened.)")


async def test_msg_too_long_is_refused_for_this_message_only(bench):
    bench.slack.faults.append(Fault("chat.postMessage", error="msg_too_long"))

    with pytest.raises(ChatRefusedError) as refused:
        await bench.post()

    assert refused.value.extent is Extent.MESSAGE
    assert len(bench.slack.calls_of("chat.postMessage")) == 1


async def test_a_message_refused_with_and_without_blocks_is_refused_alone(bench):
    bench.slack.faults.append(Fault("chat.postMessage", error="invalid_blocks"))
    bench.slack.faults.append(Fault("chat.postMessage", error="no_text"))

    with pytest.raises(ChatRefusedError) as refused:
        await bench.post()

    assert refused.value.extent is Extent.MESSAGE


async def test_a_long_document_goes_on_in_its_thread(bench):
    posted = await bench.post(LONG)

    (root,) = bench.slack.messages()
    replies = bench.slack.replies(root["ts"])
    assert root["ts"] == posted.id
    assert len(replies) >= 2
    assert all(problems(message["blocks"]) == [] for message in [root, *replies])
    assert await bench.find() == posted


LIMITED = Fault(error="ratelimited", status=429, retry_after=1)
DROPS = [Fault(when="before", drop=True), Fault(when="after", drop=True)]


@pytest.mark.parametrize("broken_at", [1, 2, 3])
@pytest.mark.parametrize("fault", [*DROPS, LIMITED], ids=["before", "after", "limit"])
async def test_a_long_document_cut_short_is_completed_without_repeating(bench, broken_at, fault):
    calls, began = 0, bench.clock()

    def break_one(method: str) -> Fault | None:
        nonlocal calls
        calls += method == "chat.postMessage"
        return fault if method == "chat.postMessage" and calls == broken_at else None

    bench.slack.chaos = break_one
    with pytest.raises((ChatUncertainError, ChatUnavailableError)):
        await bench.post(LONG)
    bench.slack.chaos = lambda _: None
    assert await bench.find() is None

    posted = await bench.post(LONG, since=began)

    (root,) = bench.slack.messages()
    parts = [m["metadata"]["event_payload"]["part"] for m in bench.slack.replies(root["ts"])]
    assert parts == list(range(2, len(parts) + 2))
    assert root["ts"] == posted.id
    assert await bench.find() == posted


async def test_a_reply_is_found_in_its_thread_only(bench):
    root = await bench.post(key=DeliveryKey("root"))
    reply = await bench.attempt().post(CHANNEL, root.id, SHORT, KEY)

    assert await bench.find(root=root) == reply
    assert await bench.find() is None


async def test_a_message_without_metadata_is_found_by_its_block_ids(bench):
    posted = await bench.post()
    bench.slack.messages()[0].pop("metadata")

    assert await bench.find() == posted


async def test_find_reads_the_history_page_by_page(bench):
    posted = await bench.post()
    for number in range(450):
        bench.slack.world.add_message(bench.slack.channel(), user="U1", text=str(number))

    assert await bench.find() == posted
    assert len(bench.slack.calls_of("conversations.history")) == 3


async def test_find_raises_if_the_history_may_not_be_read(bench):
    await bench.post()
    bench.slack.world.scopes.discard("channels:history")

    with pytest.raises(ChatUnavailableError, match="permission"):
        await bench.find()
    bench.slack.channel().members.discard("UBOT")
    bench.slack.world.scopes.add("channels:history")
    with pytest.raises(ChatRefusedError, match="/invite"):
        await bench.find()


async def test_an_edit_may_add_and_remove_parts(bench):
    posted = await bench.post(SHORT)

    await bench.attempt().edit(posted, LONG)
    (root,) = bench.slack.messages()
    longer = len(bench.slack.replies(root["ts"]))
    await bench.attempt().edit(posted, SHORT)

    assert longer >= 2
    assert bench.slack.replies(root["ts"]) == []
    assert bench.slack.messages()[0]["text"] == "Short\nA short remark."
    assert await bench.find() == posted


async def test_an_interrupted_edit_can_be_repeated(bench):
    posted = await bench.post(SHORT)
    bench.slack.faults.append(Fault("chat.postMessage", when="after", drop=True))

    with pytest.raises(ChatUncertainError):
        await bench.attempt().edit(posted, LONG)
    await bench.attempt().edit(posted, LONG)

    parts = [m["metadata"]["event_payload"]["part"] for m in bench.slack.replies(posted.id)]
    assert parts == list(range(2, len(parts) + 2))


async def test_an_edited_reply_goes_on_in_the_same_thread(bench):
    root = await bench.post(key=DeliveryKey("root"))
    reply = await bench.attempt().post(CHANNEL, root.id, SHORT, KEY)

    await bench.attempt().edit(reply, LONG)
    await bench.attempt().edit(reply, SHORT)

    (left,) = bench.slack.replies(root.id)
    assert left["ts"] == reply.id


async def test_deleting_a_document_deletes_all_of_its_parts(bench):
    posted = await bench.post(LONG)

    await bench.attempt().delete(posted)
    await bench.attempt().delete(posted)

    assert bench.slack.channel().messages == {}


async def test_a_message_of_somebody_else_is_not_edited(bench):
    said = await bench.slack.say("mine")

    with pytest.raises(ChatRefusedError):
        await bench.attempt().edit(MessageRef(CHANNEL, said["ts"]), SHORT)


async def test_every_call_matches_the_specification(bench, shared):
    posted = await bench.post(LONG)
    await bench.attempt().edit(posted, SHORT)
    await bench.find()
    await bench.attempt().delete(posted)

    for call in bench.slack.calls:
        path = shared / "specs" / "slack-methods" / f"{call.method}.json"
        known = json.loads(path.read_text())["args"]
        assert set(call.args) <= set(known), call.method
        needed = {name for name, argument in known.items() if argument.get("required")}
        assert needed <= set(call.args), call.method


@pytest.mark.parametrize("status", [413, 414, 415, 422, 431])
async def test_a_proxy_that_refuses_the_size_or_kind_of_a_request_concerns_one_message(
    bench: Bench, status: int
):
    bench.slack.faults.append(Fault("chat.postMessage", status=status, body="<html>no</html>"))

    with pytest.raises(ChatRefusedError) as refused:
        await bench.post()

    assert refused.value.extent is Extent.MESSAGE
