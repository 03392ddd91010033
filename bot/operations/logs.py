"""What the log looks like: a line of text for people, or a line of JSON for machines."""

import json
import logging
import sys
from datetime import UTC, datetime
from logging.handlers import MemoryHandler
from types import TracebackType

log = logging.getLogger(__name__)

_MOST_HELD = 1000


class _Json(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `message` and, after an error, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _Text(logging.Formatter):
    """`2026-01-31T09:00:00Z info bot.outbox.services.deliver: …`; control characters are shown, not sent."""

    def format(self, record: logging.LogRecord) -> str:
        message = _visible(record.getMessage())
        line = f"{_instant(record)} {record.levelname.lower()} {record.name}: {message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _instant(record: logging.LogRecord) -> str:
    instant = datetime.fromtimestamp(record.created, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _visible(text: str) -> str:
    """Untrusted text must not forge a line of the log or drive the terminal that shows it."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def hold_logging() -> None:
    """Keep what is logged, and the warnings of libraries, until `start_logging`.

    The format is not known before the settings are read.
    """
    logging.basicConfig(handlers=[MemoryHandler(_MOST_HELD, flushLevel=sys.maxsize)], force=True)
    logging.captureWarnings(capture=True)


def start_logging(level: str, *, as_json: bool) -> None:
    """Send the log to standard error from now on; `level` is `debug` … `error`.

    What was held comes first. With `as_json` a traceback that ends the program is a line of JSON too.
    """
    held = [each for each in logging.getLogger().handlers if isinstance(each, MemoryHandler)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else _Text())
    records = [record for each in held for record in each.buffer]
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for record in records:
        if record.levelno >= logging.getLogger().level:
            handler.handle(record)
    logging.captureWarnings(capture=True)
    if as_json:
        sys.excepthook = _log_crash
    for chatty in ("apscheduler", "watchfiles", "aiosqlite", "slack_bolt", "slack_sdk", "discord"):
        # Their debug output shows request bodies, and some of it tokens.
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    # It warns of each attempt to connect to a server that is away; the bot itself says that once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def _log_crash(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    log.critical("the bot ends because of an error", exc_info=(kind, error, traceback))


def json_line(message: str) -> str:
    """A line of the log in JSON, for what is printed."""
    record = logging.LogRecord(__name__, logging.INFO, "", 0, message, (), None)
    return _Json().format(record)
