"""Registering application commands from the command table.

Discord allows 200 creations a day and guild and shows changes with a delay. So commands are sent
only when their hash differs from the one that was sent last.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from bot.core.domain.command_spec import CommandSpec, Option
from bot.core.domain.commands import COMMANDS
from bot.core.domain.i18n import Translate, translatable
from bot.core.ports import ChatError, KeyValueStore
from bot.platforms.discord.errors import chat_error
from bot.platforms.discord.rendering.payload import within
from bot.platforms.discord.rest import RAISED, Rest

log = logging.getLogger(__name__)

Json = dict[str, Any]

TYPED_MOST = 400
"""The longest value of an option: a button that turns its pages still carries it (`controls`)."""
_DESCRIPTION_MOST = 100
_NAME_MOST = 32
_NOTE_ON_MESSAGE = translatable("Note on this paper")
_CHAT_INPUT, _MESSAGE, _STRING = 1, 3, 3
_GUILD_INSTALL = 0
_IN_GUILD, _IN_DIRECT_MESSAGES = 0, 1


def application_commands(voices: Callable[[str], Translate]) -> list[Json]:
    """The command table as Discord registers it, in English and Korean, and the one on messages."""
    return [*(_command(spec, voices) for spec in COMMANDS), _message_command(voices)]


def _message_command(voices: Callable[[str], Translate]) -> Json:
    """Opens `/note` for the paper of a message."""
    return {
        "type": _MESSAGE,
        "name": within(voices("en")(_NOTE_ON_MESSAGE), _NAME_MOST),
        "name_localizations": {"ko": within(voices("ko")(_NOTE_ON_MESSAGE), _NAME_MOST)},
        "integration_types": [_GUILD_INSTALL],
        "contexts": [_IN_GUILD, _IN_DIRECT_MESSAGES],
    }


def _command(spec: CommandSpec, voices: Callable[[str], Translate]) -> Json:
    return {
        "type": _CHAT_INPUT,
        "name": spec.name,
        **_described(spec.summary, voices),
        "options": [_option(option, voices) for option in spec.options],
        "integration_types": [_GUILD_INSTALL],
        "contexts": [_IN_GUILD, _IN_DIRECT_MESSAGES],
    }


def _option(option: Option, voices: Callable[[str], Translate]) -> Json:
    return {
        "type": _STRING,
        "name": option.name,
        **_described(option.summary, voices),
        "required": False,
        "autocomplete": option.completes or bool(option.values),
        "max_length": TYPED_MOST,
    }


def _described(summary: str, voices: Callable[[str], Translate]) -> Json:
    return {
        "description": within(voices("en")(summary), _DESCRIPTION_MOST),
        "description_localizations": {"ko": within(voices("ko")(summary), _DESCRIPTION_MOST)},
    }


def fingerprint(commands: list[Json]) -> str:
    """A hash of the commands."""
    text = json.dumps(commands, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Registration:
    """Keeps the registered commands equal to the table: in `guilds` or, with none, globally."""

    def __init__(
        self,
        rest: Rest,
        memo: KeyValueStore,
        *,
        guilds: Iterable[int],
        voices: Callable[[str], Translate],
    ) -> None:
        self._rest = rest
        self._memo = memo
        self._wanted = {str(guild) for guild in guilds} or {_EVERYWHERE}
        self._commands = application_commands(voices)
        self._logged: set[str] = set()

    async def synchronize(self) -> tuple[str, ...]:
        """Register changed commands; returns one line for each place where that failed.

        Places that are no longer configured are cleared: Discord would show both sets.
        """
        name = f"discord/{(await self._rest.account()).application}/commands"
        known = dict(entry.split("=", 1) for entry in (await self._memo.find(name) or "").split())
        wanted = dict.fromkeys(self._wanted, fingerprint(self._commands))
        troubles: list[str] = []
        for place in sorted(known.keys() | wanted.keys()):
            if known.get(place) == wanted.get(place):
                continue
            try:
                commands = self._commands if place in wanted else []
                await self._rest.register(commands, None if place == _EVERYWHERE else int(place))
            except (ChatError, *RAISED) as error:
                troubles.append(f"{place}: {chat_error(error)}")
                if troubles[-1] not in self._logged:
                    self._logged.add(troubles[-1])
                    log.warning("Discord: the commands could not be updated in %s", troubles[-1])
                continue
            if place in wanted:
                known[place] = wanted[place]
            else:
                del known[place]
            text = " ".join(f"{place}={hashed}" for place, hashed in sorted(known.items()))
            await self._memo.put(name, text)
            log.info(
                "Discord: commands registered %s", place if place == _EVERYWHERE else f"in {place}"
            )
        return tuple(troubles)


_EVERYWHERE = "everywhere"
