"""What the bot does every few seconds or minutes: each a pump, which may be called earlier too."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from bot.app.arxiv import ArxivPart
from bot.app.clock import chance, now
from bot.app.parts import PLAN, VAULT, Parts
from bot.app.platforms import RATES
from bot.app.wakes import Wakes, changes
from bot.app.work.vault import VaultPart
from bot.channels.domain.subscription import Subscription
from bot.core.ports import Chat, Platform
from bot.desk.services import write_note
from bot.desk.services.context import NoteContext
from bot.digest.services import edited_entries, plan, shared_channels
from bot.digest.services.review import review_cards
from bot.digest.services.review.review_cards import Asking
from bot.discussion.services import catch_up, paper_updates
from bot.discussion.services.discuss import DiscussionContext
from bot.follow.services import closed_inbox
from bot.follow.services import plan as direct_messages
from bot.mail.services import bounces
from bot.operations.domain.retention import Retention
from bot.operations.pumps import Pumps
from bot.operations.services.health import HealthMonitor
from bot.operations.services.prune import prune
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services import operator_actions
from bot.outbox.services.changes import Changer
from bot.outbox.services.deliver import Deliverer
from bot.outbox.services.digest_log import DigestLog
from bot.reactions.services import react
from bot.recap.services import plan_recaps, renew_recaps

log = logging.getLogger(__name__)

_PLAN_EVERY = timedelta(seconds=20)
_DELIVER_EVERY = timedelta(seconds=2)
_EDIT_EVERY = timedelta(seconds=10)
_TALK_EVERY = timedelta(seconds=10)
_TELL_EVERY = timedelta(minutes=1)
_LOOK_EVERY = timedelta(seconds=10)
_SHARED_EVERY = timedelta(minutes=10)
_REVIEW_EVERY = timedelta(minutes=1)
_NOTES_EVERY = timedelta(minutes=1)
_NOTE_TAKES = timedelta(seconds=30)
"""What was submitted so long ago and is not written was left by a process that was killed."""
_PUSH_EVERY = timedelta(seconds=30)
_PRUNE_EVERY = timedelta(hours=6)


class PeriodicWork:
    """Adds its pumps to `pumps` when it is made, each for the parts that this process runs."""

    def __init__(
        self,
        talk: DiscussionContext,
        chats: Mapping[Platform, Chat],
        *,
        pumps: Pumps,
        wakes: Wakes,
        parts: Parts,
        arxiv: ArxivPart,
        monitor: HealthMonitor,
        connected: shared_channels.Connected,
        reads: direct_messages.Reads,
        notes: NoteContext,
        vault: VaultPart,
        asking: Asking,
        keep: Retention,
        stopping: asyncio.Event,
    ) -> None:
        self._db = talk.db
        self._talk = talk
        self._pumps = pumps
        self._wakes = wakes
        self._parts = parts
        self._arxiv = arxiv
        self._monitor = monitor
        self._connected = connected
        self._reads = reads
        self._notes = notes
        self._asking = asking
        self._cards = review_cards.Seen()
        self._keep = keep
        self._stopping = stopping
        self._set_back = False
        self._digest_log = DigestLog(self._db)
        rate_limits = RateLimits(RATES)
        self._deliverer = Deliverer(
            self._db,
            chats,
            owner=parts.work.owner,
            clock=now,
            rate_limits=rate_limits,
            jitter=chance,
            observe=self._digest_log.observe,
            alive=lambda: pumps.alive("deliver"),
            reach=parts.reach,
            may_claim=parts.may_claim,
        )
        parts.finish = self._deliverer.finish
        if vault.push is not None:
            pumps.add("push", _PUSH_EVERY, parts.only_with(VAULT, vault.push))
        self._add_pumps(chats, rate_limits)

    def _add_pumps(self, chats: Mapping[Platform, Chat], rate_limits: RateLimits) -> None:
        for name, every, tick in (
            ("plan", _PLAN_EVERY, self._plan),
            ("recap", _PLAN_EVERY, self._recap),
            ("follow", _PLAN_EVERY, self._follow),
            ("edit", _EDIT_EVERY, self._edit),
            ("review", _REVIEW_EVERY, self._ask_curators),
            ("talk", _TALK_EVERY, self._follow_talk),
            ("tell", _TELL_EVERY, self._tell),
            ("shared", _SHARED_EVERY, self._stop_doubles),
            ("notes", _NOTES_EVERY, self._finish_notes),
            ("prune", _PRUNE_EVERY, self._prune),
        ):
            self._pumps.add(name, every, self._parts.only_with(PLAN, tick))
        self._pumps.add("deliver", _DELIVER_EVERY, self._deliver)
        for platform, chat in chats.items():
            changer = Changer(
                self._db,
                {platform: chat},
                clock=now,
                rate_limits=rate_limits,
                jitter=chance,
                reach=partial(self._parts.reach_on, platform),
            )
            self._pumps.add(
                changes(platform), _EDIT_EVERY, partial(self._change, platform, changer)
            )
        self._pumps.add("look", _LOOK_EVERY, self._look)
        self._pumps.add("clock", _TELL_EVERY, self._mend_waits)

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set by so much."""
        self._set_back = self._set_back or by < timedelta()

    async def _plan(self) -> None:
        voices, link = self._talk.voices, self._talk.link
        with self._wakes.in_bursts("deliver") as deliver:
            if await plan.plan_due(self._db, now=now(), voices=voices, link=link, told=deliver):
                self._wakes.wake("talk")
        if (due := await plan.next_due(self._db)) is not None:
            self._pumps.wake_in("plan", due - now())

    async def _recap(self) -> None:
        voices = self._talk.voices
        with self._wakes.in_bursts("deliver") as deliver:
            await plan_recaps.plan_recaps(self._db, now=now(), voices=voices, told=deliver)
        if (due := await plan_recaps.next_due(self._db)) is not None:
            self._pumps.wake_in("recap", due - now())

    async def _follow(self) -> None:
        voices = self._talk.voices
        with self._wakes.in_bursts("deliver") as deliver:
            await direct_messages.plan_due(
                self._db,
                now=now(),
                voices=voices,
                link=self._talk.link,
                reads=self._reads,
                told=deliver,
            )
        if await closed_inbox.look(self._db, now=now(), voices=voices):
            self._wakes.wake("deliver")
        if (due := await direct_messages.next_due(self._db)) is not None:
            self._pumps.wake_in("follow", due - now())

    async def _ask_curators(self) -> None:
        planned, changed = await review_cards.plan_cards(
            self._db,
            self._asking,
            now=now(),
            voices=self._talk.voices,
            seen=self._cards,
            alive=lambda: self._pumps.alive("review"),
        )
        if planned:
            self._wakes.wake("deliver")
        if changed:
            self._wakes.wake_changes()

    async def _deliver(self) -> None:
        try:
            await self._deliverer.drain(self._stopping)
        finally:
            if await self._digest_log.write():
                self._wakes.wake("edit")  # the header of a digest leads to its papers now

    async def _edit(self) -> None:
        voices, link = self._talk.voices, self._talk.link
        try:
            # First: these name somebody who was forgotten.
            if await renew_recaps.renew(self._db, voices=voices):
                self._wakes.wake_changes()
        finally:
            if await edited_entries.present_changed(self._db, now=now(), voices=voices, link=link):
                self._wakes.wake_changes()

    async def _mend_waits(self) -> None:
        """After the clock was set back, waits that were stored before it was end."""
        if self._set_back:
            await operator_actions.end_waits(self._db, now=now(), owner=self._parts.work.owner)
            await self._arxiv.end_waits()
            self._set_back = False
            self._pumps.wake_all()

    async def _prune(self) -> None:
        await prune(
            self._db,
            self._keep,
            now=now(),
            stopping=self._stopping,
            alive=lambda: self._pumps.alive("prune"),
        )

    async def _finish_notes(self) -> None:
        await write_note.finish_submitted(
            self._notes, before=now() - _NOTE_TAKES, alive=lambda: self._pumps.alive("notes")
        )

    async def _change(self, platform: Platform, changer: Changer) -> None:
        if await changer.run(self._stopping):
            self._pumps.wake(changes(platform))

    async def _follow_talk(self) -> None:
        await catch_up.catch_up(self._talk)
        await react.place_waiting(self._db, now())
        await paper_updates.note_citations(self._db, now())
        await paper_updates.pass_on(self._talk)

    async def _tell(self) -> None:
        await operator_actions.tell_refusals(self._db, self._tell_operator, now=now())

    async def _stop_doubles(self) -> None:
        if await shared_channels.stop_doubles(self._db, self._connected, now=now()):
            self._pumps.wake("tell")

    async def _tell_operator(self, subscription: Subscription) -> None:
        if subscription.reason == shared_channels.SHARED:
            log.error(
                "%s is the same channel as %s (Slack Connect); its second digest has stopped",
                subscription.channel,
                subscription.detail,
            )
            return
        log.error(
            "%s refuses messages (%s); its digest has stopped. Fix it, then run: paperbot "
            "channel resume %s",
            subscription.channel,
            subscription.detail or subscription.reason,
            subscription.channel,
        )
        if await bounces.tell(self._db, subscription, voices=self._talk.voices, now=now()):
            self._pumps.wake("deliver")

    async def _look(self) -> None:
        await self._monitor.look()
        await self._arxiv.look()
        await self._digest_log.write()  # a long drain goes on meanwhile
