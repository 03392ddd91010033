"""E-mail's real adapter, posting; its addresses and what was handed over are in the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit

from bot.core.database.database import Database
from bot.core.domain.i18n import ENGLISH
from bot.core.domain.mail.address import Sender
from bot.core.domain.mail.server import MailServer, Security
from bot.core.ports import Chat, Inbox, MessageRef
from bot.mail.services.subscribers import DatabaseSubscribers
from bot.mail.store.handovers import DatabaseHandovers
from bot.platforms.mail.access import Access
from bot.platforms.mail.chat import MailChat
from tests.chaos.process import now


class BlindMailChat(MailChat):
    """Never finds anything: whoever uses it sends again whatever is in doubt."""

    async def find(self, *_: object, **__: object) -> MessageRef | None:
        return None


class _Forgetful(DatabaseHandovers):
    """Knows of no message that was begun before."""

    async def find(self, _key: str) -> None:
        return None

    async def begin(self, _key: str) -> bool:
        return True


@asynccontextmanager
async def mail_chat(url: str, db: Database, *, blind: bool) -> AsyncIterator[Chat]:
    """The bot over the mail server at that address."""
    server = MailServer("127.0.0.1", urlsplit(url).port or 0, Security.NONE)
    chat = (BlindMailChat if blind else MailChat)(
        Access(server, Sender("papers@example.org"), "https://papers.example.org"),
        DatabaseSubscribers(db, now, lambda: None),
        (_Forgetful if blind else DatabaseHandovers)(db, now),
        voices=lambda _: ENGLISH,
        clock=now,
    )
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(chat.run(cast(Inbox, object())))
        yield chat
        serving.cancel()
