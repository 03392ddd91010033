"""The layouts of a digest, and “Discuss”, on every platform: through the outbox onto our fakes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.archive.services.import_files import import_files
from bot.archive.store import entries
from bot.channels.domain.digest_options import Layout
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain import command_line, commands
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import ChannelRef, Chat, Command, MessageRef, ThreadMessage, User
from bot.digest.services import edited_entries, plan, subscribe
from bot.digest.services.options.layouts import MAIL_LAYOUTS
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services import catch_up
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.services.thread_messages import reply_in
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.calls_in_flight import Terms
from bot.outbox.services.changes import Changer
from bot.outbox.services.deliver import Deliverer
from tests.contract.test_chat import PLATFORMS, Case, words
from tests.contract.test_managers import DiscordBot, SlackBot
from tests.databases import throw_away
from tests.fakes.discord import FakeDiscord, text_of
from tests.platforms.discord import stage as discord_stage
from tests.platforms.slack import stage as slack_stage

ADA = User("U1", "Ada", can_manage=False)
BO = User("U2", "보람", can_manage=False)
MANAGER = User("U3", "Cy", can_manage=True)
SEED_DAY = date(2025, 2, 4)
VOICES = Catalogues()


@dataclass(slots=True)
class Stage:
    """A whole bot over one platform: its channel is subscribed, its digest is not posted yet."""

    case: Case
    db: Database
    talk: DiscussionContext
    bot: Bot
    said: int = 0

    async def post(self, day: date) -> None:
        subscription = await subscribe.get(self.db, self.case.channel)
        await plan.plan_by_hand(self.db, subscription, day, now=self.case.now(), voices=VOICES)
        await self.settle()

    async def settle(self) -> None:
        """Deliver, edit and remove until nothing is left for now."""
        await catch_up.catch_up(self.talk)
        chats = {self.case.chat.platform: self.case.chat}
        await deliver(self.db, self.case.chat, self.case.now)
        await edited_entries.present_changed(self.db, now=self.case.now(), voices=VOICES)
        changer = Changer(
            self.db,
            chats,
            clock=self.case.now,
            rate_limits=RateLimits({}),
            jitter=lambda: 0.0,
        )
        await changer.run(asyncio.Event())

    async def ask(self, line: str, user: User = ADA) -> str:
        parsed = command_line.parse_line(line)
        command = Command(parsed.spec.name, parsed.options, user, self.case.channel, "en")
        return words(await self.bot.command(command))

    async def say(self, root: MessageRef, text: str, user: User = ADA) -> MessageRef:
        self.said += 1
        message = MessageRef(root.channel, f"p{self.said}")
        await self.bot.on_message(ThreadMessage(root, message, user, text, mentions_bot=False))
        await self.settle()
        return message

    async def kept(self) -> list[tuple[bool, bool, str]]:
        """What is stored of replies: whether it is about a paper, about a day, and the text."""
        async with self.db.reading() as tx:
            rows = await tx.all("SELECT entry_id, slot_id, text FROM reply ORDER BY id")
        return [
            (row["entry_id"] is not None, row["slot_id"] is not None, row["text"]) for row in rows
        ]

    async def counts(self) -> tuple[int, int]:
        """How many messages stand in the channel, and how many in its threads."""
        roots = await self.case.roots()
        return len(roots), sum([len(await self.case.thread(root)) for root in roots])

    async def entry(self, number: int = 0) -> int:
        async with self.db.reading() as tx:
            return (await entries.on_date(tx, SEED_DAY))[number].id


async def deliver(db: Database, chat: Chat, clock: Callable[[], datetime]) -> None:
    """Post what is planned."""
    deliverer = Deliverer(
        db,
        {chat.platform: chat},
        owner="me",
        clock=clock,
        rate_limits=RateLimits({}),
        jitter=lambda: 0.0,
        terms=Terms(),
    )
    await deliverer.drain(asyncio.Event())


def address(message: MessageRef, _root: MessageRef | None = None) -> str:
    return f"https://chat.example/{message.id}"


@asynccontextmanager
async def staged(platform: str, page: Path, words: TypedOptions) -> AsyncIterator[Stage]:
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    async with PLATFORMS[platform]() as case, throw_away() as db:
        await import_files(db, [page], now=case.now())
        await subscribe.add(db, case.channel, words, now=case.now())
        talk = DiscussionContext(db, case.now, VOICES, link=address)
        desk = DigestContext(db, case.now, ZoneInfo("Asia/Seoul"), check, lambda: None)
        yield Stage(case, db, talk, Bot(desk, voices=VOICES, talk=talk))


def options(layout: Layout, **more: str) -> TypedOptions:
    return TypedOptions(at="09:00", zone="Asia/Seoul", layout=layout, **more)


PAGE = """2025년 2월 4일
A Paper on Reasoning
https://arxiv.org/abs/2502.00001
(Jane Lee, Min Kim)
The abstract of the first paper is here, and it is long enough to be one.
추론에 대한 첫 논문입니다.
The first paper about reasoning.
#reasoning #rl
A Paper on Embeddings
(Ada Park)
The abstract of the second paper is here, and it is long enough to be one.
임베딩에 대한 논문.
A paper about embeddings.
#embedding
"""


def seed(folder: Path, words: str = "first paper about") -> Path:
    """A digest page of two papers."""
    page = folder / "page.txt"
    page.write_text(PAGE.replace("first paper about", words), encoding="utf-8")
    return page


@pytest.fixture(params=sorted(set(PLATFORMS) - {"mail"}))
def every(request: pytest.FixtureRequest) -> str:
    platform: str = request.param
    return platform


MESSAGES = {
    # In the channel, each a notification for those who are notified of everything, and in threads.
    Layout.PAPERS: (6, 5),
    Layout.THREAD: (1, 5),
    Layout.COMPACT: (1, 0),
    Layout.TITLES: (1, 0),
}


@pytest.mark.parametrize(
    ("platform", "layout"),
    [
        (platform, layout)
        for platform in sorted(PLATFORMS)
        for layout in (MAIL_LAYOUTS if platform == "mail" else Layout)
    ],
)
async def test_the_seed_day(shared: Path, platform: str, layout: Layout) -> None:
    page = shared / "samples" / "digests" / "2025-02-04.txt"
    async with staged(platform, page, options(layout)) as stage:
        await stage.post(SEED_DAY)

        counts = await stage.counts()
        shown = [await stage.case.read(root) or "" for root in await stage.case.roots()]

    # A long message goes on in its thread on Slack, where a message holds least.
    is_long = layout is Layout.COMPACT and platform.startswith("slack")
    in_threads = 1 if is_long else MESSAGES[layout][1]
    assert counts == (MESSAGES[layout][0], in_threads)
    assert "4 February 2025" in "".join(shown) or "2025년 2월 4일" in "".join(shown)


async def test_discuss_posts_the_paper_once_however_often_it_is_pressed(
    every: str, tmp_path: Path
) -> None:
    english = options(Layout.THREAD, interface="en")
    async with staged(every, seed(tmp_path), english) as stage:
        await stage.post(SEED_DAY)
        press = f"/digest discuss entry:{await stage.entry()}"

        first, second = await asyncio.gather(stage.ask(press), stage.ask(press, BO))
        await stage.settle()
        later = await stage.ask(press, BO)
        await stage.settle()

        [day, paper] = sorted(await stage.case.roots(), key=lambda message: message.id)
        shown = await stage.case.read(paper)
        assert shown is not None
        named = [f"{each.name} would like to discuss this paper." in shown for each in (ADA, BO)]
        assert sorted(named) == [False, True]  # whose press was handled first
        assert "first paper about reasoning" in shown
        assert (
            first
            == second
            == "The paper is being posted in the channel: it is discussed in its thread there."
        )
        assert later.startswith("This paper has a message of its own in the channel.")
        assert later.endswith("Open its discussion")
        assert len(await stage.case.thread(day)) == 2
        assert "abstract of the first paper" in " ".join(await stage.case.thread(paper))


async def test_what_is_said_about_a_paper_and_about_the_day_is_kept_apart(
    every: str, tmp_path: Path
) -> None:
    async with staged(every, seed(tmp_path), options(Layout.THREAD)) as stage:
        await stage.post(SEED_DAY)
        [day] = await stage.case.roots()
        await stage.ask(f"/digest discuss entry:{await stage.entry()}")
        await stage.settle()
        [paper] = [root for root in await stage.case.roots() if root != day]

        assert "Ada 님이 이 논문에 대해 이야기하고" in (await stage.case.read(paper) or "")

        await stage.say(day, "A good day.")
        gone = await stage.say(day, "Too many papers.", BO)
        await stage.say(paper, "A good paper.")

        assert await stage.kept() == [
            (False, True, "A good day."),
            (False, True, "Too many papers."),
            (True, False, "A good paper."),
        ]
        await stage.bot.on_message_deleted(gone)
        await stage.ask(f"/paper forget-me {commands.CONFIRM}")
        await stage.settle()
        assert [text for _, _, text in await stage.kept()] == ["", "", ""]
        assert "Ada" not in (await stage.case.read(paper) or "")


async def test_a_change_of_a_note_reaches_every_message_of_every_layout(
    every: str, tmp_path: Path
) -> None:
    for layout in (Layout.THREAD, Layout.COMPACT):
        async with staged(every, seed(tmp_path), options(layout)) as stage:
            await stage.post(SEED_DAY)
            await stage.ask(f"/digest discuss entry:{await stage.entry()}")
            await stage.settle()

            await import_files(stage.db, [seed(tmp_path, "reads better")], now=stage.case.now())
            await stage.settle()

            roots = await stage.case.roots()
            texts = [await stage.case.read(root) or "" for root in roots]
            texts += [text for root in roots for text in await stage.case.thread(root)]
            assert sum("reads better" in text for text in texts) == 2
            assert not any("first paper about" in text for text in texts)


async def test_discuss_leads_nobody_to_a_message_that_was_deleted(
    every: str, tmp_path: Path
) -> None:
    english = options(Layout.THREAD, interface="en")
    async with staged(every, seed(tmp_path), english) as stage:
        await stage.post(SEED_DAY)
        press = f"/digest discuss entry:{await stage.entry()}"
        await stage.ask(press)
        await stage.settle()
        [paper] = [
            each
            for each in await stage.case.roots()
            if "would like to discuss" in (await stage.case.read(each) or "")
        ]

        await stage.case.chat.delete(paper)
        await import_files(stage.db, [seed(tmp_path, "reads better")], now=stage.case.now())
        await stage.settle()

        assert await stage.ask(press, BO) == (
            "Somebody has deleted this paper's message from the channel."
        )


async def test_a_paper_that_has_a_message_or_is_in_no_digest_is_not_posted_again(
    every: str, tmp_path: Path
) -> None:
    async with staged(every, seed(tmp_path), options(Layout.PAPERS)) as stage:
        entry = await stage.entry()
        unknown = await stage.ask(f"/digest discuss entry:{entry}")
        await stage.post(SEED_DAY)
        before = await stage.counts()

        known = await stage.ask(f"/digest discuss entry:{entry}")
        wrong = await stage.ask("/digest discuss everything")
        await stage.settle()

        assert "in no digest of this channel" in unknown
        assert "has a message of its own" in known
        assert "Press “Discuss”" in wrong
        assert await stage.counts() == before


async def test_a_channel_gets_what_its_query_finds_and_no_notice_while_it_is_quiet(
    every: str, tmp_path: Path
) -> None:
    async with staged(every, seed(tmp_path), options(Layout.PAPERS, interface="en")) as stage:
        seoul = stage.case.now().astimezone(ZoneInfo("Asia/Seoul"))
        start, end = (f"{seoul + timedelta(hours=hours):%H:%M}" for hours in (-1, 2))
        wrong = await stage.ask('/digest settings quiet:25-08 only:"is:what"', MANAGER)
        await stage.ask(f'/digest settings quiet:{start}-{end} only:"first paper"', MANAGER)
        [subscription] = await subscribe.list_all(stage.db)
        await stage.post(SEED_DAY)
        roots = await stage.case.roots()
        titles = [await stage.case.read(each) or "" for each in roots]
        notice = Document((Paragraph((Text("A newer version"),)),), "A newer version")
        async with stage.db.transaction() as tx:
            await reply_in(tx, roots[-1], notice, ("notice",), stage.case.now())
        await stage.settle()
        at_night = await stage.case.thread(roots[-1])
        for _ in range(2):
            await deliver(stage.db, stage.case.chat, lambda: stage.case.now() + timedelta(hours=2))

        assert "not a span of hours" in wrong
        assert str(subscription.options.quiet) == f"{start}-{end}"
        assert subscription.options.only == "first paper"
        assert len(titles) == 2
        assert "first paper about" in titles[-1]
        assert not any("A newer version" in each for each in at_night)
        in_the_morning = await stage.case.thread(roots[-1])
        assert sum("A newer version" in each for each in in_the_morning) == 1


async def test_the_intro_of_a_thread_waits_for_the_first_reply_or_stays_away(
    every: str, tmp_path: Path
) -> None:
    later = options(Layout.PAPERS, interface="en", intro="later")
    async with staged(every, seed(tmp_path), later) as stage:
        await stage.post(SEED_DAY)
        assert await stage.counts() == (3, 0)
        [root] = [
            each
            for each in await stage.case.roots()
            if "first paper about" in (await stage.case.read(each) or "")
        ]

        await stage.ask("/digest settings discussion:off", MANAGER)
        await stage.say(root, "Is this new?")
        await stage.say(root, "It is.", BO)

        [intro] = await stage.case.thread(root)
        assert "abstract of the first paper" in intro
        # An edit changes the intro that is there, and adds none where the channel wants none.
        await stage.ask("/digest settings intro:off", MANAGER)
        await import_files(stage.db, [seed(tmp_path, "reads better")], now=stage.case.now())
        await stage.settle()
        assert await stage.counts() == (3, 1)

    async with staged(every, seed(tmp_path), options(Layout.TITLES, intro="off")) as stage:
        await stage.post(SEED_DAY)
        await stage.ask(f"/digest discuss entry:{await stage.entry()}")
        await stage.settle()
        assert await stage.counts() == (2, 0)


async def plan_thread(db: Database, folder: Path, channel: ChannelRef) -> None:
    now = datetime.now(UTC)
    await import_files(db, [seed(folder)], now=now)
    words = options(Layout.THREAD, interface="en")
    subscription = await subscribe.add(db, channel, words, now=now)
    await plan.plan_by_hand(db, subscription, SEED_DAY, now=now, voices=VOICES)


async def test_discuss_is_pressed_in_the_days_thread_on_slack(tmp_path: Path) -> None:
    async with throw_away() as db, slack_stage.staged(inbox=SlackBot(db=db)) as stage:
        await plan_thread(db, tmp_path, slack_stage.CHANNEL)
        await deliver(db, stage.chat, stage.clock)
        (day,) = stage.slack.messages()
        paper = stage.slack.replies(day["ts"])[0]
        elements = [each for block in paper["blocks"] for each in block.get("elements", ())]
        discuss_it = next(
            each for each in elements if each.get("value", "").startswith("/digest discuss")
        )

        for _ in range(2):
            await stage.slack.press(paper, discuss_it, user="U1")
        await stage.slack.until(lambda: len(stage.slack.world.ephemerals) == 2)
        await deliver(db, stage.chat, stage.clock)

        said = [slack_stage.said_in_blocks(each["blocks"]) for each in stage.slack.messages()]
        assert len(said) == 2
        assert "would like to discuss this paper." in said[1]


async def test_discuss_is_pressed_in_the_days_thread_on_discord(tmp_path: Path) -> None:
    async with throw_away() as db, FakeDiscord() as server:
        running = discord_stage.RunningBot(server, desk=DiscordBot(db=db))
        running.start()
        await running.connected()
        try:
            await plan_thread(db, tmp_path, discord_stage.PAPERS)
            await deliver(db, running.chat, discord_stage.now)
            (day,) = server.messages(11)
            paper = server.messages(int(day["id"]))[0]

            for _ in range(2):
                pressed = await server.presses(paper, "Discuss", by=101)
                assert "is being posted" in text_of(await pressed.answer())
            await deliver(db, running.chat, discord_stage.now)

            said = [text_of(each) for each in server.messages(11)]
            assert len(said) == 2
            assert "would like to discuss this paper." in said[1]
        finally:
            await running.stop()
