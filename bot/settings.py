"""The settings of a running bot, from the environment or `.env`; every problem at once.

The only module that reads the environment. `.env.example` documents each setting, and a test
holds the two equal.
"""

import ipaddress
import logging
import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.arxiv.domain.categories import find_category, suggest_categories
from bot.channels.domain import zone_names
from bot.core.domain.errors import SettingsError, UsageError
from bot.core.domain.i18n import translatable
from bot.env_file import check_env_file, meant_by
from bot.operations.domain.retention import Retention, parse_retention

ENV_FILE = Path(".env")

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class LogLevel(StrEnum):
    """From which severity on the log speaks."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


class _WrongValueError(ValueError):
    """What is wrong with one value: a template that gets `{name}` beside `values`."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


class _WrongWordsError(ValueError):
    """What is wrong with several words of one value."""

    def __init__(self, each: tuple[_WrongValueError, ...]) -> None:
        super().__init__("; ".join(map(str, each)))
        self.each = each


def _database(value: object) -> Path:
    if isinstance(value, Path):
        return value
    scheme, colon, path = str(value).partition("://")
    if scheme != "sqlite" or not colon:
        raise _WrongValueError(
            translatable(
                "{name} must look like sqlite:///data/paperbot.db: only SQLite is supported"
            )
        )
    if not path.startswith("/") or path in {"/", "/:memory:"}:
        raise _WrongValueError(
            translatable(
                "{name} must name a file: sqlite:///data/paperbot.db, "
                "or sqlite:////var/lib/paperbot.db for a full path"
            )
        )
    return _expanded(path[1:])


def _folder(value: object) -> Path:
    return _expanded(str(value))


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # ~someone who is no user of this machine
        raise _WrongValueError(
            translatable("{name}: “{value}” is in the home folder of an unknown user"), value=path
        ) from None


def _port(value: object) -> int:
    try:
        port = int(str(value))
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise _WrongValueError(
            translatable("{name} must be a port number from 0 to 65535, not “{value}”"), value=value
        )
    return port


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    offset = zone_names.meant_offset(str(value))
    if offset and (zones := zone_names.zones_at(offset)):
        raise _WrongValueError(
            translatable(
                "{name}: “{value}” is an offset, not a time zone: write {zones} for {offset}"
            ),
            value=value,
            offset=zone_names.format_offset(offset),
            zones=", ".join(zones),
        )
    try:
        return ZoneInfo(str(value))
    except (KeyError, OSError, ValueError):  # unknown; a folder of zones; no name of a zone
        raise _WrongValueError(
            translatable("{name} must be a time zone such as Asia/Seoul or UTC, not “{value}”"),
            value=value,
        ) from None


_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}


def _switch(value: object) -> bool:
    found = _SWITCH.get(str(value).lower())
    if found is None:
        raise _WrongValueError(translatable("{name} must be on or off, not “{value}”"), value=value)
    return found


def _one_of(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    def read(value: object) -> StrEnum:
        try:
            return kind(str(value).lower())
        except ValueError:
            raise _WrongValueError(
                translatable("{name} must be one of {words}, not “{value}”"),
                words=", ".join(kind),
                value=value,
            ) from None

    return read


def _retention(value: object) -> Retention:
    if isinstance(value, Retention):
        return value
    retention = parse_retention(str(value))
    if retention is None:
        raise _WrongValueError(
            translatable(
                "{name} must be forever or at least 30 days, such as “6 months” or "
                "“deliveries 90 days, discussions 2 years”, not “{value}”"
            ),
            value=value,
        )
    return retention


def _base(secure: str, plain: str) -> Callable[[object], str]:
    """An address of a server: encrypted, unless it is on this machine (tokens travel to it)."""

    def read(value: object) -> str:
        scheme, host = _scheme_and_host(str(value))
        if not host or scheme not in {secure, plain}:
            raise _WrongValueError(
                translatable("{name} must be a URL that starts with {secure}://, not “{value}”"),
                secure=secure,
                value=value,
            )
        if scheme == plain and not _is_loopback(host):
            raise _WrongValueError(
                translatable(
                    "{name} must start with {secure}://: unencrypted URLs are allowed for this "
                    "machine only"
                ),
                secure=secure,
            )
        return str(value)

    return read


def _scheme_and_host(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname
    except ValueError:
        return "", None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(*prefixes: str) -> Callable[[object], str]:
    """A Slack token of one kind; the message never repeats the value."""

    def read(value: object) -> str:
        if not str(value).startswith(prefixes):
            raise _WrongValueError(
                translatable("{name} must be a token that starts with {prefix}"), prefix=prefixes[0]
            )
        return str(value)

    return read


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(str(value).replace(",", " ").split())


def _networks(value: object) -> tuple[Network, ...]:
    networks: list[Network] = []
    wrong: list[_WrongValueError] = []
    for word in _words(value):
        try:
            networks.append(ipaddress.ip_network(str(word), strict=False))
        except ValueError:
            wrong.append(
                _WrongValueError(
                    translatable(
                        "{name}: “{value}” is not an address: write 127.0.0.1 or 10.0.0.0/8"
                    ),
                    value=word,
                )
            )
    if wrong:
        raise _WrongWordsError(tuple(wrong))
    return tuple(networks)


def _categories(value: object) -> tuple[str, ...]:
    words = [str(word) for word in _words(value)]
    wrong = tuple(_wrong_category(word) for word in words if find_category(word) is None)
    if wrong:
        raise _WrongWordsError(wrong)
    return tuple(dict.fromkeys(filter(None, map(find_category, words))))


def _wrong_category(word: str) -> _WrongValueError:
    close = ", ".join(suggest_categories(word))
    if close:
        return _WrongValueError(
            translatable("{name}: “{value}” is not an arXiv category; did you mean {close}?"),
            value=word,
            close=close,
        )
    return _WrongValueError(
        translatable("{name}: “{value}” is not an arXiv category: write cs.LG, stat.ML, hep-th …"),
        value=word,
    )


def _guilds(value: object) -> tuple[int, ...]:
    words = [str(word) for word in _words(value)]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise _WrongValueError(
            translatable("{name} must be guild ids (numbers) separated by commas, not “{value}”"),
            value=value,
        )
    return tuple(int(word) for word in words)


Url = Annotated[str, BeforeValidator(_base("https", "http"))]
SocketUrl = Annotated[str, BeforeValidator(_base("wss", "ws"))]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


class Settings(BaseSettings):
    """Everything an operator can set; each alias is the name of an environment variable."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        case_sensitive=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    database: Annotated[Path, BeforeValidator(_database)] = Field(
        default=Path("data/paperbot.db"), validation_alias="PAPERBOT_DATABASE"
    )
    vault: Annotated[Path, BeforeValidator(_folder)] | None = Field(
        default=None, validation_alias="PAPERBOT_VAULT"
    )
    vault_poll: Annotated[bool, BeforeValidator(_switch)] = Field(
        default=False, validation_alias="PAPERBOT_VAULT_POLL"
    )
    web_host: str = Field(default="127.0.0.1", validation_alias="PAPERBOT_WEB_HOST")
    web_port: Annotated[int, BeforeValidator(_port)] = Field(
        default=8000, validation_alias="PAPERBOT_WEB_PORT"
    )
    web_names: Words = Field(default=(), validation_alias="PAPERBOT_WEB_NAMES")
    web_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        default=(), validation_alias="PAPERBOT_WEB_PROXIES"
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(_zone)] = Field(
        default=ZoneInfo("UTC"), validation_alias="PAPERBOT_TIMEZONE"
    )
    keep: Annotated[Retention, NoDecode, BeforeValidator(_retention)] = Field(
        default=Retention(), validation_alias="PAPERBOT_KEEP"
    )
    log_level: Annotated[LogLevel, BeforeValidator(_one_of(LogLevel))] = Field(
        default=LogLevel.INFO, validation_alias="PAPERBOT_LOG_LEVEL"
    )
    log_format: Annotated[LogFormat, BeforeValidator(_one_of(LogFormat))] = Field(
        default=LogFormat.TEXT, validation_alias="PAPERBOT_LOG_FORMAT"
    )

    slack_bot_token: Annotated[SecretStr, BeforeValidator(_token("xoxb-", "xoxe.xoxb-"))] | None = (
        Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    )
    slack_app_token: Annotated[SecretStr, BeforeValidator(_token("xapp-"))] | None = Field(
        default=None, validation_alias="SLACK_APP_TOKEN"
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None, validation_alias="SLACK_SIGNING_SECRET"
    )
    slack_api_base: Url = Field(default="https://slack.com/api/", validation_alias="SLACK_API_BASE")

    discord_token: SecretStr | None = Field(default=None, validation_alias="DISCORD_TOKEN")
    discord_api_base: Url = Field(
        default="https://discord.com/api/v10", validation_alias="DISCORD_API_BASE"
    )
    discord_gateway_url: SocketUrl = Field(
        default="wss://gateway.discord.gg/", validation_alias="DISCORD_GATEWAY_URL"
    )
    discord_guilds: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_guilds)] = Field(
        default=(), validation_alias="DISCORD_GUILDS"
    )

    arxiv_api_url: Url = Field(
        default="https://export.arxiv.org/api/query", validation_alias="ARXIV_API_URL"
    )
    arxiv_feed_url: Url = Field(
        default="https://rss.arxiv.org/atom/", validation_alias="ARXIV_FEED_URL"
    )
    arxiv_categories: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_categories)] = Field(
        default=("cs.CL", "cs.LG"), validation_alias="ARXIV_CATEGORIES"
    )
    arxiv_contact: str | None = Field(default=None, validation_alias="ARXIV_CONTACT")

    @property
    def slack_is_on(self) -> bool:
        """Whether the bot is to talk to Slack."""
        return self.slack_bot_token is not None

    @property
    def has_secrets(self) -> bool:
        """Whether any of the settings must not be read by others."""
        return any(isinstance(value, SecretStr) for _, value in self)

    @property
    def discord_is_on(self) -> bool:
        """Whether the bot is to talk to Discord."""
        return self.discord_token is not None


def operator_locale() -> str:
    """The locale of the terminal (`ko_KR.UTF-8`), by the usual three variables; may be empty."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((value for name in names if (value := os.environ.get(name))), "")


def setting_names() -> tuple[str, ...]:
    """The environment variables that are settings, in the order of `.env.example`."""
    return tuple(str(field.validation_alias) for field in Settings.model_fields.values())


def read_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """The settings from the environment, then from `env_file`, then the defaults.

    An empty value counts as unset. Raises one `SettingsError` that names every problem, one
    a line, and never shows a secret.
    """
    problems: list[UsageError] = []
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)  # check_env_file says more
    try:
        problems += _unknown_names(env_file)
        settings = Settings(_env_file=env_file, _env_file_encoding="utf-8-sig")
        problems += _contradictions(settings)
    except ValidationError as error:
        problems += [problem for detail in error.errors() for problem in _explain(detail)]
        raise SettingsError(tuple(problems)) from None  # its cause would show the values
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            translatable("cannot read the settings in {file}: {reason}"),
            file=env_file,
            reason=error,
        ) from error
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def _explain(detail: ErrorDetails) -> Iterator[UsageError]:
    name = detail["loc"][0]
    error = detail.get("ctx", {}).get("error")
    for wrong in error.each if isinstance(error, _WrongWordsError) else (error,):
        if isinstance(wrong, _WrongValueError):
            yield UsageError(wrong.message, path=None, line=None, name=name, **wrong.values)
        else:
            yield UsageError("{name}: {reason}", name=name, reason=detail["msg"])


def _contradictions(settings: Settings) -> Iterator[UsageError]:
    if settings.slack_bot_token:
        if not settings.slack_app_token and not settings.slack_signing_secret:
            yield UsageError(
                translatable(
                    "SLACK_BOT_TOKEN also needs SLACK_APP_TOKEN (Socket Mode) or "
                    "SLACK_SIGNING_SECRET (HTTP mode)"
                )
            )
        return
    for name, value in (
        ("SLACK_APP_TOKEN", settings.slack_app_token),
        ("SLACK_SIGNING_SECRET", settings.slack_signing_secret),
    ):
        if value:
            yield UsageError(translatable("{name} also needs SLACK_BOT_TOKEN"), name=name)


def _unknown_names(env_file: Path | None) -> Iterator[UsageError]:
    """Slips in `.env`; the environment itself may hold other people's variables."""
    known = setting_names()
    if env_file is not None:
        yield from check_env_file(env_file, known)
    for name in os.environ:
        meant = meant_by(name, known)
        if meant is not None and not name.isupper():
            yield UsageError(
                translatable("{name} is not a setting; did you mean {close}?"),
                name=name,
                close=meant,
            )
