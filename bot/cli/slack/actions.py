"""The work behind `slack …`."""

import sys
from collections.abc import Iterator, Sequence

import typer

from bot.app.platforms import app_access
from bot.app.slack.installations import resume_stopped
from bot.cli.database import now, with_database
from bot.cli.output.terminal import translator
from bot.core.database.database import Database
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.ports import ChatError, Finding
from bot.settings import Settings
from bot.settings.environment import of_this_process
from bot.settings.values import WrongValueError, token
from bot.workspaces.domain.slack_app import Kind, SlackApp, Tokens
from bot.workspaces.services import grants, slack_apps
from bot.workspaces.services.encryption import Encryption
from bot.workspaces.store.grants import Grant
from bot.workspaces.store.slack_apps import StoredApp


def add() -> Iterator[str]:
    """Check tokens with Slack and store them; yields what there is to say."""
    from bot.platforms.slack import doctor

    say = translator()

    async def work(db: Database, settings: Settings) -> tuple[SlackApp, bool, list[Finding]]:
        Encryption(settings.secret_keys)  # before anything is asked for
        tokens = _tokens()
        access = app_access(settings, tokens)
        try:
            workspace, name = await doctor.identify(access)
            findings = await doctor.check(access, (), clock=now, say=say)
        except ChatError as error:
            raise UsageError(
                translatable("Slack does not answer as expected: {reason}"), reason=str(error)
            ) from error
        app = SlackApp(workspace, name, tokens, now())
        is_new = await slack_apps.add(db, app, settings.secret_keys)
        await resume_stopped(db, {workspace}, now=now())
        return app, is_new, list(findings)

    app, is_new, findings = with_database(work, make=True)
    for finding in findings:
        if not finding.ok:
            yield f"{finding.subject}: {finding.words}"
    if is_new:
        yield say("Added {workspace} ({name}).", workspace=app.workspace, name=app.name)
    else:
        yield say("{workspace} ({name}) has new tokens.", workspace=app.workspace, name=app.name)


def _tokens() -> Tokens:
    """From the environment, else from a person at the terminal."""
    bot = _one("SLACK_BOT_TOKEN", "xoxb-", needed=True)
    app = _one("SLACK_APP_TOKEN", "xapp-", needed=False)
    secret = None if app else _one("SLACK_SIGNING_SECRET", "", needed=False)
    if not app and not secret:
        raise UsageError(
            translatable(
                "SLACK_BOT_TOKEN also needs SLACK_APP_TOKEN (Socket Mode) or "
                "SLACK_SIGNING_SECRET (HTTP mode)"
            )
        )
    return Tokens(bot or "", app, secret)


def _one(name: str, prefix: str, *, needed: bool) -> str | None:
    value = of_this_process(name)
    if not value and sys.stdin.isatty():
        value = typer.prompt(name, default="", hide_input=True, show_default=False).strip()
    if not value:
        if needed:
            raise UsageError(
                translatable("{name} is missing: set it in the environment of this command"),
                name=name,
            )
        return None
    try:
        return token(prefix)(value)
    except WrongValueError as error:
        raise UsageError(error.message, path=None, line=None, name=name, **error.values) from None


def list_() -> tuple[tuple[StoredApp, tuple[Grant, ...]], ...]:
    """The workspaces, the oldest first; an organisation with those that it granted the app to."""

    async def work(db: Database, _: Settings) -> tuple[tuple[StoredApp, ...], tuple[Grant, ...]]:
        return await slack_apps.list_stored(db), await grants.list_grants(db)

    stored, granted = with_database(work)
    return tuple(
        (app, tuple(each for each in granted if each.organisation == app.workspace))
        for app in stored
    )


def form(app: StoredApp, granted: Sequence[Grant]) -> dict[str, object]:
    """A workspace as JSON; an organisation with its workspaces."""
    whole = {"workspaces": [{"workspace": each.workspace, "name": each.name} for each in granted]}
    return (whole if app.kind is Kind.ORGANISATION else {}) | {
        "workspace": app.workspace,
        "name": app.name,
        "added_at": app.added_at.isoformat(),
        "kind": app.kind.value,
        "ended": app.ended.value or None,
    }


def remove(workspace: str) -> str:
    """Remove a workspace; returns what to say."""

    async def work(db: Database, _: Settings) -> int:
        return await slack_apps.remove(db, workspace, now=now())

    stopped = with_database(work)
    return translator().count(
        "Removed {workspace}; one digest was stopped.",
        "Removed {workspace}; {n} digests were stopped.",
        stopped,
        workspace=workspace,
    )
