"""E-mail's adapter over a real database, and a mail server on 127.0.0.1."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.mail.address import Sender
from bot.core.domain.mail.server import MailServer, Security
from bot.core.ports import ChannelRef, DeliveryKey, Platform, parse_channel
from bot.digest.services.options.typed import TypedOptions
from bot.mail.services import opt_in
from bot.mail.services.subscribers import DatabaseSubscribers
from bot.mail.store.handovers import DatabaseHandovers
from bot.platforms.mail.access import Access
from bot.platforms.mail.chat import MailChat
from tests.databases import throw_away
from tests.fakes.mail import FakeMail, mail_server
from tests.locations import Location

SITE = "https://papers.example.org"
SENDER = Sender("papers@example.org", "Papers, daily")
TEAM = ChannelRef(Platform.MAIL, "", "team@example.org")
NINE = TypedOptions(at="09:00", zone="Asia/Seoul")


class Clock:
    """It stands still, but for what a test waits."""

    def __init__(self) -> None:
        self.begun, self.ahead = datetime.now(UTC), timedelta()

    def __call__(self) -> datetime:
        return self.begun + self.ahead


@dataclass(slots=True)
class Stage:
    """A chat that posts to a server, and what it reads of its database."""

    db: Database
    fake: FakeMail
    chat: MailChat
    clock: Clock
    subscribers: DatabaseSubscribers


class Tokens:
    """Tokens that tests know: `token-1`, `token-2` …"""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self) -> str:
        self.given += 1
        return f"token-{self.given}"


async def ask(
    db: Database,
    address: str,
    now: datetime,
    *,
    words: TypedOptions = NINE,
    by: opt_in.Asker | None = None,
    tokens: Tokens | None = None,
) -> None:
    """Ask an address whether it wants the digest."""
    asking = opt_in.OptIn(SITE, Catalogues(), *((tokens,) if tokens is not None else ()))
    await opt_in.add(
        db, parse_channel(f"mail:{address}"), words, by or opt_in.Asker(), asking, now=now
    )


async def confirm(stage: Stage, address: str) -> None:
    """Ask an address, and have it confirm."""
    await ask(stage.db, address, stage.clock())
    async with stage.db.reading() as tx:
        row = await tx.one(
            "SELECT confirm_token FROM mail_address WHERE address = :address", {"address": address}
        )
    assert row is not None
    await stage.subscribers.confirm(row["confirm_token"])


@asynccontextmanager
async def staged(
    place: Location | None = None,
    *,
    login: tuple[str, str] = ("", ""),
    wants_login: bool = False,
    security: Security = Security.NONE,
    server_tls: ssl.SSLContext | None = None,
    client_tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Stage]:
    """A stage on which `TEAM` has confirmed."""
    clock = Clock()
    tls = server_tls if security is Security.TLS else None
    starttls = server_tls if security is Security.STARTTLS else None
    async with (
        throw_away(place) as db,
        mail_server(tls=tls, starttls=starttls, login=wants_login) as fake,
    ):
        subscribers = DatabaseSubscribers(db, clock, lambda: None)
        chat = MailChat(
            Access(MailServer("127.0.0.1", fake.port, security, *login), SENDER, SITE),
            subscribers,
            DatabaseHandovers(db, clock),
            voices=Catalogues(),
            clock=clock,
            tls=client_tls,
        )
        stage = Stage(db, fake, chat, clock, subscribers)
        await confirm(stage, TEAM.id)
        try:
            yield stage
        finally:
            await chat._connection.close()


def said(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)


def key(name: str) -> DeliveryKey:
    return DeliveryKey(f"mail{name}")
