"""Settings that need one another. Pure; values are by name, and none is repeated in a message."""

from collections.abc import Iterator, Mapping

from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable

Values = Mapping[str, object]

_PROXY = ("PAPERBOT_WEB_USER_HEADER", "PAPERBOT_WEB_PROXY_SECRET", "PAPERBOT_WEB_PROXIES")


def contradictions(values: Values) -> Iterator[UsageError]:
    """What is set without something that it needs."""
    yield from _half_a_slack(values)
    yield from _half_a_proxy(values)
    if values["PAPERBOT_VAULT_GIT"] and not values["PAPERBOT_VAULT"]:
        yield UsageError(
            translatable("{name} also needs PAPERBOT_VAULT"), name="PAPERBOT_VAULT_GIT"
        )
    if bool(values["SLACK_CLIENT_ID"]) is not bool(values["SLACK_CLIENT_SECRET"]):
        yield UsageError(
            translatable("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET must be set together")
        )
    if values["PAPERBOT_MAIL_FROM"] and not values["PAPERBOT_SMTP_URL"]:
        yield UsageError(
            translatable("{name} also needs {needed}"),
            name="PAPERBOT_MAIL_FROM",
            needed="PAPERBOT_SMTP_URL",
        )
    yield from _half_a_sign_in(values)
    yield from _half_a_drafting(values)


def _half_a_drafting(values: Values) -> Iterator[UsageError]:
    """A service without a model, or either of what it takes without the service."""
    if values["DRAFT_URL"] and not values["DRAFT_MODEL"]:
        yield UsageError(
            translatable("{name} also needs {needed}"), name="DRAFT_URL", needed="DRAFT_MODEL"
        )
    for name in ("DRAFT_KEY", "DRAFT_MODEL"):
        if values[name] and not values["DRAFT_URL"]:
            yield UsageError(
                translatable("{name} also needs {needed}"), name=name, needed="DRAFT_URL"
            )


def _half_a_sign_in(values: Values) -> Iterator[UsageError]:
    """Rights of people are asked of the platform, so it must be set up too."""
    chosen = values["PAPERBOT_WEB_SIGN_IN"]
    for platform in chosen if isinstance(chosen, tuple) else ():
        name = platform.upper()
        needed = ["PAPERBOT_WEB_URL", f"{name}_CLIENT_ID", f"{name}_CLIENT_SECRET"]
        if platform == "discord":
            needed.append("DISCORD_TOKEN")
        elif not values["PAPERBOT_SECRET_KEY"]:  # or workspaces that are added later
            needed.append("SLACK_BOT_TOKEN")
        missing = [each for each in needed if not values[each]]
        if missing:
            yield UsageError(
                translatable("PAPERBOT_WEB_SIGN_IN={platform} also needs {names}"),
                platform=platform,
                names=", ".join(missing),
            )


def _half_a_slack(values: Values) -> Iterator[UsageError]:
    parts = ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
    if not values["SLACK_BOT_TOKEN"]:
        for name in parts:
            installs = name == "SLACK_SIGNING_SECRET" and values["SLACK_CLIENT_ID"]
            if values[name] and not installs:
                yield UsageError(translatable("{name} also needs SLACK_BOT_TOKEN"), name=name)
    elif not any(values[name] for name in parts):
        yield UsageError(
            translatable(
                "SLACK_BOT_TOKEN also needs SLACK_APP_TOKEN (Socket Mode) or "
                "SLACK_SIGNING_SECRET (HTTP mode)"
            )
        )


def _half_a_proxy(values: Values) -> Iterator[UsageError]:
    """A user header without all that makes it trustworthy, or the secret without the header."""
    if not values["PAPERBOT_WEB_USER_HEADER"] and not values["PAPERBOT_WEB_PROXY_SECRET"]:
        return
    missing = [name for name in _PROXY if not values[name]]
    if missing:
        yield UsageError(
            translatable(
                "PAPERBOT_WEB_USER_HEADER, PAPERBOT_WEB_PROXY_SECRET and PAPERBOT_WEB_PROXIES must "
                "be set together; missing: {names}"
            ),
            names=", ".join(missing),
        )
