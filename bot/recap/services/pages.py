"""Recaps of the web chat's pages."""

from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo

from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Platform
from bot.recap.domain.period import Period
from bot.recap.services.look_back import look_back
from bot.webchat.store import board


class RecapPages:
    """Looks back for readers of the web chat's channels, and of others that they can read."""

    def __init__(self, db: Database, *, zone: ZoneInfo) -> None:
        self._db = db
        self._zone = zone

    async def __call__(
        self, period: Period, today: date, channels: Collection[str], say: Translate
    ) -> Document:
        """The recap as of `today`, with the talk of the web chat and of `channels` (REFs)."""
        async with self._db.reading() as tx:
            ours = [
                str(ChannelRef(Platform.WEB, "", each)) for each in await board.list_channels(tx)
            ]
            found = await look_back(
                tx, period, zone=self._zone, channels=(*ours, *channels), today=today
            )
        return found.present(say)
