"""Forms as platforms see them: each is opened, kept, pressed and submitted by its use case."""

import logging
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.commands.services.digest_command import DigestContext, zone_of
from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError, UserError
from bot.core.domain.form import Form
from bot.core.domain.i18n import AWAY, Translate
from bot.core.ports import ChannelRef, Command, FilledForm
from bot.desk.services import note_form
from bot.desk.services.context import NoteContext
from bot.discussion.services import asker

log = logging.getLogger(__name__)


class Forms:
    """What an `Inbox` does with forms; `voices` gives the `Translate` of a locale.

    Without `notes`, they use the same database and wake no pump.
    """

    def __init__(
        self, desk: DigestContext, notes: NoteContext | None, voices: Callable[[str], Translate]
    ) -> None:
        self._desk = desk
        self._notes = notes if notes is not None else NoteContext(desk.db, desk.clock)
        self._voices = voices

    def blank_form(self, command: Command) -> Form:
        """The blank form of a note; no other command opens one."""
        return note_form.blank(self._notes, command, self._voices(command.locale))

    async def open_form(self, command: Command, blank: Form) -> Form | Document:
        """The form of a note with what is known; see `bot.desk.services.note_form`."""
        locale = await asker.known_locale(self._desk.db, command)
        say = self._voices(locale)
        try:
            zone = await zone_of(self._desk, command.channel)
            return await note_form.open_form(self._notes, command, blank, zone=zone, say=say)
        except StorageError as error:
            log.error("the form of a note: %s", error)
            return replace(blank, problems={"": say(AWAY)})
        except Exception:
            # Catch everything here: the blank form is open, and can be filled in and saved.
            log.exception("the form of a note could not be filled in")
            return blank

    async def keep_form(self, filled: FilledForm) -> bool:
        """Store what is typed as a draft; what cannot be stored is stored with the next change."""
        try:
            return await note_form.keep_draft(self._notes, filled, self._voices(filled.locale))
        except UserError as error:
            log.warning("a draft could not be kept: %s", error)
            return False

    async def press_form(self, filled: FilledForm, action: str) -> Form:
        """Carry out an action of the form; see `bot.desk.services.note_form`."""
        say = self._voices(filled.locale)
        return await note_form.press(self._notes, filled, action, zone_of=self._zone_of, say=say)

    async def submit_form(self, filled: FilledForm) -> Form | Document:
        """Write the note, once; see `bot.desk.services.note_form`."""
        say = self._voices(filled.locale)
        return await note_form.submit(self._notes, filled, zone_of=self._zone_of, say=say)

    async def _zone_of(self, channel: ChannelRef) -> ZoneInfo:
        return await zone_of(self._desk, channel)
