"""What the bot does besides showing pages: it answers, posts, follows talk, vault and arXiv."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from bot.app.arxiv import ArxivPart
from bot.app.clock import chance, now
from bot.app.parts import ARXIV, VAULT, Parts
from bot.app.platforms import Joined
from bot.app.wakes import Wakes
from bot.app.work.drafting import drafting
from bot.app.work.periodic_work import PeriodicWork
from bot.app.work.reading_rights import reading_rights, vetting
from bot.app.work.vault import VaultPart
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.ports import Chat, Condition, Inbox, Measure, Platform
from bot.core.services.holdings import Holdings
from bot.desk.services.context import NoteContext
from bot.digest.services import shared_channels
from bot.digest.services.channel_check import checker
from bot.digest.services.review.review_cards import Asking
from bot.discussion.services.answers import Link
from bot.discussion.services.discuss import DiscussionContext
from bot.follow.services.follow import OpenInbox
from bot.mail.services.opt_in import OptIn
from bot.mail.store.addresses import forget_asker
from bot.operations.pumps import Pumps
from bot.operations.services.health import HealthMonitor
from bot.recap.services import renew_recaps
from bot.settings import Settings
from bot.webchat.domain.board import Board


class Work:
    """The `inbox` of the platforms; the vault, arXiv, and what `pumps` call, which are made here."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        chats: Mapping[Platform, Chat],
        joined: Mapping[Platform, Joined],
        *,
        board: Board,
        link: Link,
        voices: Catalogues,
        pumps: Pumps,
        wakes: Wakes,
        parts: Parts,
        monitor: HealthMonitor,
        open_inbox: OpenInbox,
        stopping: asyncio.Event,
    ) -> None:
        self.pumps = pumps
        connected = shared_channels.asking(
            {platform: each.connected for platform, each in joined.items()}
        )
        digests = DigestContext(
            db,
            clock=now,
            zone=settings.timezone,
            check=checker(
                {platform: each.check for platform, each in joined.items()}, board, clock=now
            ),
            planned=lambda: wakes.wake("plan"),
            categories=settings.arxiv_categories if settings.arxiv_poll else (),
            connected=connected,
            curators=settings.curators,
            mail=_mail_asking(settings, voices),
        )
        talk = DiscussionContext(
            db,
            clock=now,
            voices=voices,
            link=link,
            to_send=lambda: wakes.wake("deliver"),
            to_change=wakes.wake_changes,
            zone=settings.timezone,
            forget_also=forget_asker,
            mark_stale=partial(renew_recaps.mark, voices=voices),
            to_renew=lambda: wakes.wake("edit"),
        )
        self._vault = VaultPart(db, settings, changed=wakes.archive_changed)
        notes = NoteContext(
            db,
            now,
            curators=settings.curators,
            written=wakes.archive_changed,
            files=self._vault.files,
            vault=self._vault.folder,
            drafting=drafting(settings),
            vets=vetting(joined),
        )
        self.inbox: Inbox = Bot(
            digests, voices=voices, talk=talk, open_inbox=open_inbox, notes=notes
        )
        self._arxiv = ArxivPart(db, settings, clock=now, jitter=chance)
        self._periodic = PeriodicWork(
            talk,
            chats,
            pumps=pumps,
            wakes=wakes,
            parts=parts,
            arxiv=self._arxiv,
            monitor=monitor,
            connected=connected,
            reads=reading_rights(joined),
            notes=notes,
            vault=self._vault,
            asking=Asking(settings.curators, settings.review, open_inbox),
            keep=settings.keep,
            stopping=stopping,
        )

    async def run(self, held: Holdings) -> None:
        """Follow the vault and arXiv while this process holds them, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(held.while_held(VAULT, self._vault.run))
            tasks.create_task(held.while_held(ARXIV, self._arxiv.run))

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set."""
        self._periodic.clock_stepped(by)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: of the pumps and of the vault."""
        return (*self.pumps.conditions, *self._vault.conditions)

    @property
    def minor_conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: whether the vault is committed, which nothing that posts needs."""
        return self._vault.minor_conditions

    @property
    def arxiv_condition(self) -> Condition | None:
        """For `/healthz`; `None` where arXiv is not asked, or its status was not read yet."""
        return self._arxiv.condition

    @property
    def arxiv_measures(self) -> tuple[Measure, ...]:
        """For `/metrics`."""
        return self._arxiv.measures


def _mail_asking(settings: Settings, voices: Catalogues) -> OptIn | None:
    """What asking an address takes, if e-mail is on."""
    if not settings.mail_is_on:
        return None
    from bot.app import mail  # noqa: PLC0415 - few bots use it

    return mail.asking(settings, voices)
