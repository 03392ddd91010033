"""What is said, changed or taken back while Slack cannot reach the bot is heard all the same."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.ports import ChannelRef, MessageRef, Platform
from bot.platforms.slack.inbound.timing import Timing
from bot.platforms.slack.timestamps import parse_timestamp
from tests.fakes.slack import FakeSlack, Fault
from tests.platforms.memory import Kept, Notes
from tests.platforms.slack.stage import (
    CHANNEL,
    KEY,
    KEY_2,
    QUICK,
    Clock,
    RecordingInbox,
    Remembered,
    Stage,
    make_chat,
    paragraph,
    running,
    staged,
)
from tests.waiting import until

HEARD = "slack/heard/T1"
"""Where it is noted how far the bot has heard."""
OFTEN = replace(QUICK, read_every=0.3)


@dataclass
class House:
    """A Slack, and what outlives the bot: its notes, what it has seen and kept."""

    slack: FakeSlack
    clock: Clock
    notes: Notes = field(default_factory=Notes)
    seen: Remembered = field(default_factory=Remembered)
    inbox: RecordingInbox = field(default_factory=RecordingInbox)

    @asynccontextmanager
    async def bot(self, timing: Timing = QUICK) -> AsyncIterator[Stage]:
        """The bot, from its start to its end."""
        chat = make_chat(
            self.slack,
            self.clock,
            self.seen,
            notes=self.notes,
            inbox=self.inbox,
            timing=timing,
        )
        stage = Stage(self.slack, chat, self.inbox, self.seen, self.clock, self.notes)
        async with running(chat, self.inbox):
            await stage.connected()
            yield stage

    @property
    def heard(self) -> list[str]:
        return [said.text for said in self.inbox.heard]

    @property
    def kept(self) -> dict[str, str]:
        """What is left in the end, by the timestamp of the message."""
        found = Kept(self.inbox.heard, self.inbox.forgotten).newest
        return {ref.id: said.text for ref, said in found.items()}

    @property
    def heard_to(self) -> datetime:
        return datetime.fromisoformat(self.notes.kept[HEARD])


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    clock = Clock()
    async with FakeSlack(clock=clock.timestamp) as slack:
        yield House(slack, clock)


async def hang_up(stage: Stage) -> None:
    """Slack cannot reach the bot any more, and the bot knows."""
    stage.slack.sockets.refusing = True
    stage.slack.sockets.abort()
    await until(lambda: not stage.chat.condition.ok)
    await until(lambda: not stage.slack.sockets.open)


async def test_what_is_said_while_no_line_is_open_is_heard_once_one_is():
    async with staged() as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        await stage.slack.say("before", thread=root)
        await stage.heard(1)
        await hang_up(stage)
        stage.clock.ahead += timedelta(hours=1)
        await stage.slack.say("in between", thread=root)
        stage.clock.ahead += timedelta(hours=1)

        stage.slack.sockets.refusing = False
        await stage.connected()
        await stage.slack.say("after", thread=root)

        await stage.heard(3)
        assert [said.text for said in stage.inbox.heard] == ["before", "in between", "after"]


async def test_connections_that_break_both_and_heal_before_anybody_looks_lose_nothing():
    async with staged(timing=replace(QUICK, look=0.5, ping=0.1)) as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        opened = stage.slack.sockets.opened
        stage.slack.sockets.abort()
        await until(lambda: not stage.slack.sockets.open)
        await stage.slack.say("in the blink of an eye", thread=root)
        await until(lambda: stage.slack.sockets.opened >= opened + 2)

        await stage.heard(1)


async def test_a_restart_hears_what_was_said_meanwhile_and_what_is_said_now_after_it():
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
            await here.slack.say("before", thread=root)
            await stage.heard(1)
        for number in range(3):
            here.clock.ahead += timedelta(hours=1)
            await here.slack.say(f"meanwhile {number}", thread=root)
        here.slack.faults.append(Fault("users.conversations", delay=0.5))

        async with here.bot() as stage:
            await here.slack.say("after", thread=root)
            await stage.heard(5)

    assert here.heard == ["before", "meanwhile 0", "meanwhile 1", "meanwhile 2", "after"]
    assert [said.at for said in here.inbox.heard] == [
        parse_timestamp(said.message.id) for said in here.inbox.heard
    ]


async def test_a_limit_on_the_way_is_waited_out_and_nothing_is_lost():
    async with house() as here:
        roots = {}
        here.slack.world.add_channel("C2", "more")
        async with here.bot() as stage:
            for channel, key in (("C1", KEY), ("C2", KEY_2)):
                ref = ChannelRef(Platform.SLACK, "T1", channel)
                roots[channel] = (await stage.chat.post(ref, paragraph(channel), key=key)).id
        here.clock.ahead += timedelta(hours=8)
        for channel, root in roots.items():
            await here.slack.say(f"in {channel}", thread=root, channel=channel)
        for method in ("users.conversations", "conversations.history", "conversations.replies"):
            limit = Fault(method, error="ratelimited", status=429, retry_after=30, times=2)
            here.slack.faults.append(limit)

        async with here.bot() as stage:
            await stage.heard(2)

    assert sorted(here.heard) == ["in C1", "in C2"]


async def test_what_cannot_be_read_is_tried_again_and_the_note_does_not_pass_it():
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        here.clock.ahead += timedelta(hours=8)
        said = parse_timestamp((await here.slack.say("meanwhile", thread=root))["ts"])
        assert said is not None
        here.clock.ahead += timedelta(hours=8)
        here.slack.faults.append(Fault("conversations.replies", status=503, times=2))
        broken = Fault("conversations.history", drop=True, times=3)
        here.slack.faults.append(broken)

        async with here.bot() as stage:
            await until(lambda: broken.times == 0)
            assert here.heard_to < said
            await stage.heard(1)
            await until(lambda: here.heard_to > said)

    assert here.heard == ["meanwhile"]


async def test_a_channel_that_may_not_be_read_does_not_hold_the_others_up():
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        here.slack.world.add_channel("G1", "private", private=True)
        here.slack.world.scopes.discard("groups:history")
        here.clock.ahead += timedelta(hours=8)
        await here.slack.say("meanwhile", thread=root)
        here.clock.ahead += timedelta(hours=8)

        async with here.bot() as stage:
            await stage.heard(1)
            await until(lambda: here.heard_to > here.clock() - timedelta(hours=1))


async def test_people_do_not_wait_for_what_cannot_be_read_now():
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        here.clock.ahead += timedelta(hours=8)
        await here.slack.say("meanwhile", thread=root)
        broken = Fault("conversations.replies", status=503, times=1000)
        here.slack.faults.append(broken)

        async with here.bot() as stage:
            await here.slack.say("now", thread=root)
            await stage.heard(1)
            broken.times = 0
            await stage.heard(2)

    assert here.heard == ["now", "meanwhile"]


async def test_in_http_mode_it_is_looked_for_what_slack_could_not_bring():
    async with staged(http=True, timing=OFTEN) as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        before = await stage.slack.say("before", thread=root)
        await stage.heard(1)
        url, stage.slack.events_url = stage.slack.events_url, None
        stage.clock.ahead += timedelta(hours=2)
        await stage.slack.take_back(before)
        await stage.slack.say("in between", thread=root)
        stage.clock.ahead += timedelta(minutes=5)

        await stage.heard(2)
        await until(lambda: stage.inbox.forgotten)
        stage.slack.events_url = url
        await stage.slack.say("after", thread=root)
        await stage.heard(3)

        assert [said.text for said in stage.inbox.heard] == ["before", "in between", "after"]


async def test_edits_and_deletions_of_meanwhile_follow_and_the_rest_stays():
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
            kept, edited, gone = [
                await here.slack.say(text, thread=root) for text in ("kept", "befor", "gone")
            ]
            await stage.heard(3)
        here.clock.ahead += timedelta(hours=8)
        await here.slack.edit(edited, "before")
        await here.slack.take_back(gone)

        async with here.bot():
            await until(lambda: here.inbox.forgotten)
            await until(lambda: "before" in here.heard)

    assert here.kept == {kept["ts"]: "kept", edited["ts"]: "before"}


async def test_edits_and_deletions_while_no_line_is_open_follow():
    async with staged() as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        gone = await stage.slack.say("gone", thread=root)
        edited = await stage.slack.say("befor", thread=root)
        await stage.heard(2)
        await hang_up(stage)
        stage.clock.ahead += timedelta(hours=1)
        await stage.slack.take_back(gone)
        await stage.slack.edit(edited, "before")

        stage.slack.sockets.refusing = False

        await until(lambda: stage.inbox.forgotten)
        await stage.heard(3)
        assert stage.inbox.forgotten == [MessageRef(CHANNEL, gone["ts"])]
        assert stage.inbox.heard[-1].text == "before"


async def test_a_thread_that_is_gone_altogether_is_taken_back():
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
            gone = await here.slack.say("gone", thread=root)
            await stage.heard(1)
        here.clock.ahead += timedelta(hours=8)
        for ts in (gone["ts"], root):
            here.slack.world.remove_message(here.slack.channel(), ts)

        async with here.bot():
            await until(lambda: here.inbox.forgotten)


async def further_rounds(slack: FakeSlack) -> None:
    """Wait for two more rounds of reading: what is taken for deleted, they report."""
    before = len(slack.calls_of("users.conversations"))
    await until(lambda: len(slack.calls_of("users.conversations")) >= before + 2)


async def no_deletion(*faults: Fault) -> None:
    """Whatever these do to what is read, nobody's words are taken for deleted."""
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
            await here.slack.say("stays", thread=root)
            await stage.heard(1)
        here.clock.ahead += timedelta(hours=8)
        # All was heard, so nothing is read but to be compared.
        here.notes.kept[HEARD] = (here.clock() - timedelta(minutes=2)).isoformat()
        here.slack.faults += faults

        async with here.bot(OFTEN):
            await until(lambda: all(fault.times == 0 for fault in faults))
            await further_rounds(here.slack)

    assert here.inbox.forgotten == []
    assert here.heard == ["stays"]


async def test_what_is_kept_with_the_time_at_which_it_was_heard_is_no_deletion():
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
            await here.slack.say("stays", thread=root)
            [said] = await stage.heard(1)
        assert said.at is not None
        here.inbox.heard[:] = [replace(said, at=said.at + timedelta(seconds=5))]
        here.clock.ahead += timedelta(hours=8)
        here.notes.kept[HEARD] = (here.clock() - timedelta(minutes=2)).isoformat()

        async with here.bot(OFTEN):
            await until(lambda: here.slack.calls_of("conversations.replies"))
            await further_rounds(here.slack)

    assert here.inbox.forgotten == []


async def test_a_read_that_fails_is_no_deletion():
    await no_deletion(
        Fault("conversations.replies", status=500), Fault("conversations.replies", drop=True)
    )


async def test_a_bot_that_may_not_read_takes_nothing_for_deleted():
    await no_deletion(Fault("conversations.replies", error="not_in_channel"))


async def test_a_thread_that_is_only_out_of_sight_is_no_deletion():
    await no_deletion(Fault("conversations.replies", error="thread_not_found"))


async def test_an_empty_answer_is_no_deletion():
    empty = json.dumps({"ok": True, "messages": []})
    await no_deletion(Fault("conversations.replies", status=200, body=empty))


async def test_an_answer_that_is_cut_off_is_no_deletion():
    async with house() as here:
        async with here.bot() as stage:
            root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
            await here.slack.say("stays", thread=root)
            await stage.heard(1)
        here.clock.ahead += timedelta(hours=8)
        here.notes.kept[HEARD] = (here.clock() - timedelta(minutes=2)).isoformat()
        cut = json.dumps({"ok": True, "messages": [{"ts": root}], "has_more": True})
        fault = Fault("conversations.replies", status=200, body=cut)
        here.slack.faults.append(fault)

        async with here.bot(OFTEN):
            await until(lambda: fault.times == 0)
            await further_rounds(here.slack)

    assert here.inbox.forgotten == []


async def test_reactions_are_told_and_after_an_absence_they_are_read():
    async with house() as here:
        async with here.bot() as stage:
            paper = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
            here.inbox.shown.append(paper)
            message = here.slack.messages()[0]
            await here.slack.react(message, "tada::skin-tone-2", user="U2")
            await here.slack.react(message, "tada::skin-tone-2", user="U2", is_added=False)
            await here.slack.react(message, "+1", user="UBOT")
            await until(lambda: len(here.inbox.reactions) == 2)
        told = {(each.user.id, each.emoji, each.is_added) for each in here.inbox.reactions}
        assert told == {("U2", "tada::skin-tone-2", True), ("U2", "tada::skin-tone-2", False)}
        assert {each.message for each in here.inbox.reactions} == {paper}
        here.clock.ahead += timedelta(hours=8)
        fans = [f"U{number}" for number in range(10, 20)]
        for user in fans:
            here.slack.world.add_person(user, user)
            await here.slack.react(message, "heart", user=user)
        await here.slack.react(message, "eyes", user="U1")

        async with here.bot():
            await until(lambda: here.inbox.channels_read)

        (read,) = here.inbox.reactions_read
        assert read.message == paper
        assert {(user.id, emoji) for user, emoji in read.found} == {(u, "heart") for u in fans}
