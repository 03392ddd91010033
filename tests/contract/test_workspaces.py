"""Two Slack workspaces whose people, channels and messages have the same ids (issue 14, item 3).

The whole path over the real adapter: digests, replies, copies, edits, deletions, forget-me.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.app.slack.workspaces import SlackWorkspaces
from bot.channels.store import linked_channels, subscriptions
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, Chat, Platform
from bot.core.store.processed_events import DatabaseProcessedEvents
from bot.digest.services import plan, shared_channels, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services import catch_up
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.store.kept_replies import DatabaseReplies
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces
from tests.platforms.slack.stage import said_in_blocks
from tests.platforms.slack.workspaces import serving
from tests.stage import Stage, english, staged
from tests.waiting import eventually

TEAMS = ("T1", "T2")


@dataclass
class Workspaces:
    """Both workspaces, in each of which C1 and C2 are linked, and the bot's database."""

    fake: FakeWorkspaces
    stage: Stage
    talk: DiscussionContext
    slack: SlackWorkspaces

    async def settle(self) -> None:
        """Deliver, edit and remove until nothing is left."""
        chats: dict[Platform, Chat] = {Platform.SLACK: self.slack}
        stopping = asyncio.Event()
        await plan.plan_due(self.stage.db, now=self.stage.clock(), voices=english)
        await catch_up.catch_up(self.talk)
        await self.stage.deliverer(chats).drain(stopping)
        changer = self.stage.changer(chats)
        while await changer.run(stopping):
            pass

    async def post_in(self, channel: str, *teams: str) -> None:
        """The digest goes out in that channel of these workspaces."""
        words = TypedOptions(at=f"{self.stage.clock() - timedelta(minutes=2):%H:%M}", zone="UTC")
        for team in teams:
            place = ChannelRef(Platform.SLACK, team, channel)
            await subscribe.add(self.stage.db, place, words, now=self.stage.clock())
        await self.settle()

    async def ask(self, slack: FakeSlack, line: str, **more: str) -> str:
        """What somebody is answered to a command; then everything is delivered."""
        asked = await slack.command(line, **more)
        await slack.until(lambda: asked.answers)
        await self.settle()
        return said_in_blocks(asked.answers[0]["blocks"])

    async def standings(self) -> dict[str, str]:
        """The subscriptions that were not removed."""
        found = await subscribe.list_all(self.stage.db)
        return {each.channel: each.standing for each in found}

    async def stored(self) -> list[tuple[str, str]]:
        """What is kept of what people said, with its channel."""
        async with self.stage.db.reading() as tx:
            rows = await tx.all(
                "SELECT channel, text FROM reply WHERE gone_at IS NULL ORDER BY channel, text"
            )
        return [(row["channel"], row["text"]) for row in rows]

    async def until_stored(self, *texts: str) -> None:
        async def are_stored() -> bool:
            return sorted(text for _, text in await self.stored()) == sorted(texts)

        await eventually(are_stored, every=0.01)
        await self.settle()

    def copies(self, team: str) -> list[str]:
        """What the bot says in the paper's thread in C2."""
        slack = self.fake.of[team]
        replies = slack.replies(root(slack, "C2"), "C2")
        return [said_in_blocks(each["blocks"]) for each in replies if "blocks" in each]


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[Workspaces]:
    now = datetime.now(UTC).replace(hour=12)
    frozen = now.timestamp() + 60
    async with workspaces(*TEAMS, clock=lambda: frozen) as fake, staged(folder, now) as stage:
        talk = DiscussionContext(stage.db, stage.clock, english)

        async def check(channel: ChannelRef) -> ChannelRef:
            return channel

        served: list[SlackWorkspaces] = []

        async def connected(channel: ChannelRef) -> frozenset[str]:
            return await served[0].find_connected(channel)

        desk = DigestContext(
            stage.db, stage.clock, ZoneInfo("UTC"), check, lambda: None, connected=connected
        )
        for team, each in fake.of.items():
            each.world.add_channel("C2", "others")
            async with stage.db.transaction() as tx:
                await linked_channels.join(tx, f"slack:{team}/C1", f"slack:{team}/C2", now)
        await stage.note("Paper", now.date())
        bot = Bot(desk, voices=english, talk=talk)
        seen = DatabaseProcessedEvents(stage.db, clock=stage.clock)
        replies = DatabaseReplies(stage.db)
        async with serving(fake, bot, clock=stage.clock, seen=seen, replies=replies) as slack:
            served.append(slack)
            yield Workspaces(fake, stage, talk, slack)


def root(slack: FakeSlack, channel: str) -> str:
    """The paper's message, after the header."""
    return str(slack.messages(channel)[1]["ts"])


async def test_nothing_crosses_between_workspaces_of_the_same_ids(tmp_path: Path) -> None:
    async with both(tmp_path) as here:
        one, two = (here.fake.of[team] for team in TEAMS)
        await here.post_in("C1", *TEAMS)
        await here.post_in("C2", *TEAMS)
        assert [
            len(slack.messages(channel)) for slack in (one, two) for channel in ("C1", "C2")
        ] == [2] * 4
        assert root(one, "C1") == root(two, "C1")

        first = await one.say("first of one", thread=root(one, "C1"))
        other = await two.say("first of two", thread=root(two, "C1"))
        assert first["ts"] == other["ts"]
        later = await two.say("second of two", thread=root(two, "C1"))
        await one.say("second of one", thread=root(one, "C1"))
        await here.until_stored("first of one", "first of two", "second of one", "second of two")
        assert await here.stored() == [
            ("slack:T1/C1", "first of one"),
            ("slack:T1/C1", "second of one"),
            ("slack:T2/C1", "first of two"),
            ("slack:T2/C1", "second of two"),
        ]
        for team, name, stranger in (("T1", "one", "two"), ("T2", "two", "one")):
            told = "\n".join(here.copies(team))
            assert [told.count(f"{place} of {name}") for place in ("first", "second")] == [1, 1]
            assert f"of {stranger}" not in told

        await two.edit(later, "third of two")
        await here.until_stored("first of one", "first of two", "second of one", "third of two")
        assert "third of two" in "\n".join(here.copies("T2"))
        assert "second of one" in "\n".join(here.copies("T1"))

        await one.take_back(first)
        await here.until_stored("first of two", "second of one", "third of two")
        assert "first of two" in "\n".join(here.copies("T2"))
        assert "first of one" not in "\n".join(here.copies("T1"))

        asked = await one.command("/paper forget-me confirm")
        await one.until(lambda: asked.answers)
        await here.until_stored("first of two", "third of two")
        assert "second of one" not in "\n".join(here.copies("T1"))
        assert ["of two" in text for text in here.copies("T2")].count(True) == 2


async def test_a_message_in_a_channel_that_both_share_is_one_reply(tmp_path: Path) -> None:
    """Slack Connect: each app is told of it; the thread is the app's that posted its root."""
    async with both(tmp_path) as here:
        one, two = (here.fake.of[team] for team in TEAMS)
        await here.post_in("C1", "T1")
        await here.post_in("C2", "T1", "T2")
        said = await one.say("shared", thread=root(one, "C1"))
        for parent in ({"parent_user_id": "UBOT1"}, {}):
            told = {key: said[key] for key in ("user", "text", "ts", "thread_ts")}
            place = {"type": "message", "channel": "C1", "channel_type": "channel"}
            await two.event({**place, **told, **parent})
        await here.until_stored("shared")
        await two.say("then", channel="C2", thread=root(two, "C2"))
        await here.until_stored("shared", "then")

        assert await here.stored() == [("slack:T1/C1", "shared"), ("slack:T2/C2", "then")]
        assert "\n".join(here.copies("T1")).count("shared") == 1
        assert "shared" not in "\n".join(here.copies("T2"))


async def test_a_channel_that_both_share_has_one_digest_which_each_manages(tmp_path: Path) -> None:
    """Slack Connect (issue 14, item 3)."""
    async with both(tmp_path) as here:
        one, two = (here.fake.of[team] for team in TEAMS)
        here.fake.share("C1", *TEAMS)
        here_now = f"/digest here at:{here.stage.clock() - timedelta(minutes=2):%H:%M} tz:UTC"
        await here.ask(one, here_now)
        assert "posted in this channel already" in await here.ask(two, here_now)
        assert "posted in this channel already" not in await here.ask(two, here_now, channel="C2")
        assert await here.standings() == {"slack:T1/C1": "active", "slack:T2/C2": "active"}
        assert len(one.messages("C1")) == 2

        await here.ask(two, "/digest pause")
        assert (await here.standings())["slack:T1/C1"] == "paused"
        await here.ask(two, "/digest here")
        assert await here.standings() == {"slack:T1/C1": "active", "slack:T2/C2": "active"}

        async with here.stage.db.transaction() as tx:  # as when the workspace is removed
            await subscriptions.refuse(tx, "slack:T1/C1", "removed", "", here.stage.clock())
        await here.ask(two, here_now)
        assert await here.standings() == {"slack:T2/C1": "active", "slack:T2/C2": "active"}
        assert len(one.messages("C1")) == 2

        here.stage.clock.turn(days=1)
        await here.stage.note("Next", here.stage.clock().date())
        await here.settle()
        assert len(one.messages("C1")) == 4
        assert "posted in this channel already" in await here.ask(one, here_now)
        assert len(one.messages("C1")) == 4


async def test_of_two_digests_in_a_channel_that_is_shared_since_the_later_stops(
    tmp_path: Path,
) -> None:
    async with both(tmp_path) as here:
        await here.post_in("C1", *TEAMS)
        await here.post_in("C2", *TEAMS)
        here.fake.share("C1", *TEAMS)

        connected = here.slack.find_connected
        db, now = here.stage.db, here.stage.clock()
        assert await shared_channels.stop_doubles(db, connected, now=now) == 1
        assert await shared_channels.stop_doubles(db, connected, now=now) == 0

        assert await here.standings() == {
            "slack:T1/C1": "active",
            "slack:T1/C2": "active",
            "slack:T2/C1": "refused",
            "slack:T2/C2": "active",
        }
        async with db.reading() as tx:
            (stopped,) = await subscriptions.list_untold(tx)
        assert (stopped.reason, stopped.detail) == (shared_channels.SHARED, "slack:T1/C1")
        place = ChannelRef(Platform.SLACK, "T2", "C1")
        with pytest.raises(UsageError, match="same channel as slack:T1/C1"):
            await subscribe.resume(db, place, now=now, connected=connected)


async def test_a_person_of_the_other_workspace_is_forgotten_from_their_own(tmp_path: Path) -> None:
    async with both(tmp_path) as here:
        one, two = (here.fake.of[team] for team in TEAMS)
        here.fake.share("C1", *TEAMS)
        await here.post_in("C1", "T1")
        await here.post_in("C2", "T1")
        for slack in (one, two):
            slack.world.add_person("U3", "Grace").team = "T2"
        one.world.add_person("U4", "Anna")
        two.world.add_person("U4", "Another")
        await one.say("of two", user="U3", thread=root(one, "C1"))
        await one.say("of one", user="U4", thread=root(one, "C1"))
        await here.until_stored("of one", "of two")
        assert "\n".join(here.copies("T1")).count("of two") == 1

        await here.ask(two, "/paper forget-me confirm", user="U4")
        await here.until_stored("of one", "of two")
        await here.ask(two, "/paper forget-me confirm", user="U3")
        await here.until_stored("of one")
        assert "of two" not in "\n".join(here.copies("T1"))
