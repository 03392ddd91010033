"""Apps that read one page of 15 messages a minute: all is found, nothing is posted twice."""

from datetime import timedelta

import pytest

from bot.core.ports import ChatUnavailableError, ChatUncertainError, DeliveryKey, MessageRef
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import open_client
from bot.platforms.slack.posting import Posting
from tests.fakes.slack import BOT_TOKEN, FakeSlack, Fault, Limits
from tests.platforms.slack.stage import CHANNEL, KEY, LONG, Clock, no_waiting, paragraph, staged
from tests.waiting import until


class LimitedBench:
    """A limited Slack with 40 messages in the channel, and an adapter; time passes by the clock."""

    def __init__(self, slack: FakeSlack, clock: Clock, posting: Posting) -> None:
        self.slack = slack
        self.clock = clock
        self.posting = posting
        self.limited = 0

    def talk(self, count: int = 40) -> None:
        for number in range(count):
            self.slack.world.add_message(self.slack.channel(), user="U1", text=str(number))

    def wait_for(self, error: ChatUnavailableError) -> None:
        self.clock.ahead += error.retry_after or timedelta()

    async def find(self, key: str = KEY) -> tuple[MessageRef | None, int]:
        """What is found in the end, and after how many attempts."""
        since = self.clock() - timedelta(days=1)
        for attempt in range(1, 20):
            try:
                found = await self.posting.find(CHANNEL, DeliveryKey(key), since=since, root=None)
            except ChatUnavailableError as error:
                self.wait_for(error)
            else:
                return found, attempt
        raise AssertionError("the search does not end")


@pytest.fixture
async def limited():
    clock = Clock()
    limits = Limits.outside_marketplace(clock=clock.timestamp, per_channel=1000.0, burst=1000)
    async with (
        FakeSlack(limits=limits, clock=clock.timestamp) as slack,
        open_client(Access(BOT_TOKEN, api_base=slack.url)) as client,
    ):
        told: list[None] = []
        posting = Posting(client, clock=clock, sleep=no_waiting, limited=lambda: told.append(None))
        bench = LimitedBench(slack, clock, posting)
        yield bench
        assert bench.limited == 0 or len(told) >= bench.limited


async def test_a_search_of_several_pages_goes_on_after_each_limit(limited):
    posted = await limited.posting.post(CHANNEL, None, paragraph("A remark"), KEY)
    limited.talk()
    limited.limited = 2

    assert await limited.find() == (posted, 3)
    # What is not there is known to be absent only when all was read.
    assert (await limited.find("d99"))[0] is None


async def test_what_was_posted_meanwhile_is_found_by_its_own_search(limited):
    limited.talk()
    assert (await limited.find())[0] is None
    posted = await limited.posting.post(CHANNEL, None, paragraph("A remark"), KEY)
    limited.clock.ahead += timedelta(minutes=1)

    assert await limited.find() == (posted, 1)


async def test_before_a_document_was_tried_nothing_is_read(limited):
    limited.talk()

    await limited.posting.post(CHANNEL, None, LONG, KEY)

    assert limited.slack.calls_of("conversations.history") == []
    assert limited.slack.calls_of("conversations.replies") == []


async def test_a_long_document_is_completed_once_at_one_page_a_minute(limited):
    began = limited.clock()
    limited.slack.faults.append(Fault("chat.postMessage", when="after", drop=True))
    with pytest.raises(ChatUncertainError):
        await limited.posting.post(CHANNEL, None, LONG, KEY)
    limited.talk()
    for _ in range(20):
        try:
            posted = await limited.posting.post(CHANNEL, None, LONG, KEY, began)
        except ChatUnavailableError as error:
            limited.wait_for(error)
        else:
            break
    else:
        raise AssertionError("it is never posted")
    [root] = [message for message in limited.slack.messages() if "metadata" in message]
    parts = [m["metadata"]["event_payload"]["part"] for m in limited.slack.replies(root["ts"])]
    assert parts == list(range(2, len(parts) + 2))
    limited.clock.ahead += timedelta(minutes=1)
    assert (await limited.find())[0] == posted


class WaitedFor(Limits):
    """Time passes only by the waits that Slack asks for, however slow the machine is."""

    passed = 0.0

    def wait_to_call(self, method: str) -> int:
        wait = super().wait_to_call(method)
        self.passed += wait
        return wait


async def test_what_was_missed_is_read_page_by_page_and_healthz_says_that_it_waits():
    limits = WaitedFor.outside_marketplace(burst=1000)
    limits.clock = lambda: limits.passed
    async with staged(limits=limits) as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        await stage.slack.say("before", thread=root)
        await stage.heard(1)
        stage.slack.sockets.refusing = True
        stage.slack.sockets.abort()
        await until(lambda: not stage.chat.condition.ok)
        stage.clock.ahead += timedelta(hours=1)
        for number in range(40):
            await stage.slack.say(str(number), thread=root, told=False)
        stage.clock.ahead += timedelta(hours=1)

        stage.slack.sockets.refusing = False
        await stage.connected()

        await until(lambda: len(stage.inbox.heard) >= 41)
        assert [said.text for said in stage.inbox.heard[1:]] == [str(n) for n in range(40)]
        assert "Slack limits reading" in stage.chat.condition.detail
