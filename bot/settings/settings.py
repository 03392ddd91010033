"""The table of settings; `.env.example` documents each, and a test compares the two."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.core.database.address import PostgresAddress
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.domain.mail.address import Sender
from bot.core.domain.mail.server import MailServer
from bot.operations.domain.retention import Retention
from bot.settings.mail_values import mail_server, read_sender, read_smtp_url, sender_of
from bot.settings.values import (
    SocketUrl,
    Url,
    one_of,
    read_categories,
    read_contact,
    read_curators,
    read_database,
    read_folder,
    read_guilds,
    read_key,
    read_port,
    read_retention,
    read_seconds,
    read_secret_keys,
    read_switch,
    read_zone,
    token,
    whole,
)
from bot.settings.web_values import (
    Network,
    read_host_names,
    read_networks,
    read_proxy_secret,
    read_sign_in,
    read_site,
    read_user_header,
)

DEFAULT_DATABASE = Path("data/paperbot.db")


class LogLevel(StrEnum):
    """The lowest severity that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """The format of a log line."""

    TEXT = "text"
    JSON = "json"


class Settings(BaseSettings):
    """Every setting; each alias is the name of an environment variable."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        case_sensitive=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    database: Annotated[Path | PostgresAddress, BeforeValidator(read_database)] = Field(
        default=DEFAULT_DATABASE, validation_alias="PAPERBOT_DATABASE"
    )
    vault: Annotated[Path, BeforeValidator(read_folder)] | None = Field(
        default=None, validation_alias="PAPERBOT_VAULT"
    )
    vault_poll: Annotated[bool, BeforeValidator(read_switch)] = Field(
        default=False, validation_alias="PAPERBOT_VAULT_POLL"
    )
    vault_git: Annotated[bool, BeforeValidator(read_switch)] = Field(
        default=False, validation_alias="PAPERBOT_VAULT_GIT"
    )
    curators: Annotated[frozenset[str], NoDecode, BeforeValidator(read_curators)] = Field(
        default=frozenset(), validation_alias="PAPERBOT_CURATORS"
    )
    review: Annotated[bool, BeforeValidator(read_switch)] = Field(
        default=False, validation_alias="PAPERBOT_REVIEW"
    )
    web_host: str = Field(default="127.0.0.1", validation_alias="PAPERBOT_WEB_HOST")
    web_port: Annotated[int, BeforeValidator(read_port)] = Field(
        default=8000, validation_alias="PAPERBOT_WEB_PORT"
    )
    web_names: Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_host_names)] = Field(
        default=(), validation_alias="PAPERBOT_WEB_NAMES"
    )
    web_url: Annotated[str, BeforeValidator(read_site)] | None = Field(
        default=None, validation_alias="PAPERBOT_WEB_URL"
    )
    web_sign_in: Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_sign_in)] = Field(
        default=(), validation_alias="PAPERBOT_WEB_SIGN_IN"
    )
    web_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(read_networks)] = Field(
        default=(), validation_alias="PAPERBOT_WEB_PROXIES"
    )
    web_user_header: Annotated[str, BeforeValidator(read_user_header)] | None = Field(
        default=None, validation_alias="PAPERBOT_WEB_USER_HEADER"
    )
    web_proxy_secret: Annotated[SecretStr, BeforeValidator(read_proxy_secret)] | None = Field(
        default=None, validation_alias="PAPERBOT_WEB_PROXY_SECRET"
    )
    secret_key: Annotated[SecretStr, BeforeValidator(read_secret_keys)] | None = Field(
        default=None, validation_alias="PAPERBOT_SECRET_KEY"
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(read_zone)] = Field(
        default=ZoneInfo("UTC"), validation_alias="PAPERBOT_TIMEZONE"
    )
    keep: Annotated[Retention, NoDecode, BeforeValidator(read_retention)] = Field(
        default=Retention(), validation_alias="PAPERBOT_KEEP"
    )
    log_level: Annotated[LogLevel, BeforeValidator(one_of(LogLevel))] = Field(
        default=LogLevel.INFO, validation_alias="PAPERBOT_LOG_LEVEL"
    )
    log_format: Annotated[LogFormat, BeforeValidator(one_of(LogFormat))] = Field(
        default=LogFormat.TEXT, validation_alias="PAPERBOT_LOG_FORMAT"
    )

    slack_bot_token: Annotated[SecretStr, BeforeValidator(token("xoxb-", "xoxe.xoxb-"))] | None = (
        Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    )
    slack_app_token: Annotated[SecretStr, BeforeValidator(token("xapp-"))] | None = Field(
        default=None, validation_alias="SLACK_APP_TOKEN"
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None, validation_alias="SLACK_SIGNING_SECRET"
    )
    slack_client_id: str | None = Field(default=None, validation_alias="SLACK_CLIENT_ID")
    slack_client_secret: SecretStr | None = Field(
        default=None, validation_alias="SLACK_CLIENT_SECRET"
    )
    slack_api_base: Url = Field(default="https://slack.com/api/", validation_alias="SLACK_API_BASE")

    discord_token: SecretStr | None = Field(default=None, validation_alias="DISCORD_TOKEN")
    discord_client_id: str | None = Field(default=None, validation_alias="DISCORD_CLIENT_ID")
    discord_client_secret: SecretStr | None = Field(
        default=None, validation_alias="DISCORD_CLIENT_SECRET"
    )
    discord_api_base: Url = Field(
        default="https://discord.com/api/v10", validation_alias="DISCORD_API_BASE"
    )
    discord_gateway_url: SocketUrl = Field(
        default="wss://gateway.discord.gg/", validation_alias="DISCORD_GATEWAY_URL"
    )
    discord_guilds: Annotated[tuple[int, ...], NoDecode, BeforeValidator(read_guilds)] = Field(
        default=(), validation_alias="DISCORD_GUILDS"
    )

    smtp_url: Annotated[SecretStr, BeforeValidator(read_smtp_url)] | None = Field(
        default=None, validation_alias="PAPERBOT_SMTP_URL"
    )
    mail_from: Annotated[Sender, BeforeValidator(read_sender)] | None = Field(
        default=None, validation_alias="PAPERBOT_MAIL_FROM"
    )

    arxiv_api_url: Url = Field(
        default="https://export.arxiv.org/api/query", validation_alias="ARXIV_API_URL"
    )
    arxiv_feed_url: Url = Field(
        default="https://rss.arxiv.org/atom/", validation_alias="ARXIV_FEED_URL"
    )
    arxiv_categories: Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_categories)] = (
        Field(default=("cs.CL", "cs.LG"), validation_alias="ARXIV_CATEGORIES")
    )
    arxiv_contact: Annotated[str, BeforeValidator(read_contact)] | None = Field(
        default=None, validation_alias="ARXIV_CONTACT"
    )
    arxiv_poll: Annotated[bool, BeforeValidator(read_switch)] = Field(
        default=True, validation_alias="ARXIV_POLL"
    )

    draft_url: Url | None = Field(default=None, validation_alias="DRAFT_URL")
    draft_key: Annotated[SecretStr, BeforeValidator(read_key)] | None = Field(
        default=None, validation_alias="DRAFT_KEY"
    )
    draft_model: str | None = Field(default=None, validation_alias="DRAFT_MODEL")
    draft_budget: Annotated[int, BeforeValidator(whole(1, 100_000))] = Field(
        default=100, validation_alias="DRAFT_BUDGET"
    )
    draft_timeout: Annotated[timedelta, BeforeValidator(read_seconds)] = Field(
        default=timedelta(seconds=30), validation_alias="DRAFT_TIMEOUT"
    )

    @property
    def slack_is_on(self) -> bool:
        """Whether Slack is set up."""
        return self.slack_bot_token is not None

    @property
    def slack_installs(self) -> bool:
        """Whether workspaces can add the app themselves: in HTTP mode, with all that it takes."""
        return bool(
            self.slack_client_id
            and self.slack_client_secret
            and self.slack_signing_secret
            and not self.slack_app_token
            and self.secret_key
        )

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys of stored tokens: the first encrypts, all decrypt."""
        if self.secret_key is None:
            return ()
        keys = self.secret_key.get_secret_value().split(",")
        return tuple(key.strip() for key in keys if key.strip())

    @property
    def has_secrets(self) -> bool:
        """Whether a setting holds a secret."""
        return any(isinstance(value, SecretStr | PostgresAddress) for _, value in self)

    @property
    def discord_is_on(self) -> bool:
        """Whether Discord is set up."""
        return self.discord_token is not None

    @property
    def mail_server(self) -> MailServer | None:
        """The server that takes e-mail, where e-mail is set up."""
        return mail_server(self.smtp_url) if self.smtp_url is not None else None

    @property
    def mail_sender(self) -> Sender | None:
        """Whom e-mail is from, where it can be sent."""
        server = self.mail_server
        return sender_of(self.mail_from, server, self.web_url) if server is not None else None

    @property
    def mail_is_on(self) -> bool:
        """Whether e-mail is set up, with links that lead to the bot."""
        return self.web_url is not None and self.mail_sender is not None


def check_database_folder(database: Path | PostgresAddress) -> None:
    """Raise `UsageError` where the folder of SQLite's file does not exist.

    Only the default folder, `data`, is created: any other path may be misspelt, or on a disk that
    is not mounted, and the bot would begin with an empty database.
    """
    if isinstance(database, PostgresAddress):
        return
    if database != DEFAULT_DATABASE and not database.parent.is_dir():
        raise UsageError(
            translatable(
                "PAPERBOT_DATABASE: there is no folder {folder}: create it, or correct the path"
            ),
            folder=database.parent,
        )


def check_vault_folder(vault: Path | None) -> None:
    """Raise `UsageError` where the vault is not a folder: it is misspelt, or not mounted."""
    if vault is not None and not vault.is_dir():
        raise UsageError(
            translatable(
                "PAPERBOT_VAULT: there is no folder {folder}: correct the path, or mount it"
            ),
            folder=vault,
        )


def setting_names() -> tuple[str, ...]:
    """The names of the settings, in the order of `.env.example`."""
    return tuple(str(field.validation_alias) for field in Settings.model_fields.values())
