"""The work behind `doctor`: check every part and print one line for each."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from bot.app import mail
from bot.app.platforms import examine, find_slack_apps, find_slack_organisations, readable
from bot.app.work.drafting import check_drafting
from bot.cli.database import now
from bot.cli.output.terminal import print_line, translator
from bot.cli.output.text import printable
from bot.core.database.address import may_be_there
from bot.core.database.database import opened
from bot.core.domain.errors import StorageError, UsageError
from bot.core.domain.i18n import error_text
from bot.core.ports import Finding, Platform
from bot.operations.services import doctor
from bot.operations.services.doctor_git import check_vault_git
from bot.platforms.slack.access import Access
from bot.settings import (
    ENV_FILE,
    Settings,
    check_database_folder,
    environment_of_git,
    near_misses,
    read_settings,
)

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def look() -> tuple[Finding, ...]:
    """Check every part; raises `SettingsError`."""
    settings = read_settings()
    return asyncio.run(_look(settings))


async def _look(settings: Settings) -> tuple[Finding, ...]:
    say = translator()
    words = [say("all valid"), *(error_text(each, say) for each in near_misses(settings))]
    findings = [Finding(say("Settings"), ok=True, words="; ".join(words))]
    if settings.has_secrets:
        findings += filter(None, (doctor.check_privacy(ENV_FILE, say=say),))
    try:
        check_database_folder(settings.database)
    except UsageError as error:
        findings.append(Finding("PAPERBOT_DATABASE", ok=False, words=error_text(error, say)))
    else:
        findings += await doctor.check_database(settings.database, now=now(), say=say)
    if settings.vault is not None:
        findings.append(await doctor.check_vault(settings.vault, say=say))
        if settings.vault_git:
            findings.append(await check_vault_git(settings.vault, environment_of_git(), say=say))
    findings += (_zones(), _web(settings))
    findings += await doctor.check_arxiv(
        settings.database,
        settings.arxiv_categories,
        is_on=settings.arxiv_poll,
        contact=settings.arxiv_contact,
        now=now(),
        say=say,
    )
    findings.append(await check_drafting(settings, say))
    if settings.slack_installs and not settings.curators:
        told = say(
            "empty: people of Slack workspaces that added the app themselves may not write notes. Name "
            "those who may"
        )
        findings.append(Finding("PAPERBOT_CURATORS", ok=True, words=told))
    channels = {
        platform: await doctor.subscribed(settings.database, platform) for platform in Platform
    }
    apps: Mapping[str, Access] = {}
    organisations: Mapping[str, Access] = {}
    try:
        if may_be_there(settings.database):
            async with opened(settings.database) as db:
                found = await find_slack_apps(db, settings)
                found_organisations = await find_slack_organisations(db, settings)
                apps, organisations = readable(found), readable(found_organisations)
                errors = [
                    error_text(each, say)
                    for each in (*found.values(), *found_organisations.values())
                    if isinstance(each, UsageError)
                ]
                findings += [
                    Finding("PAPERBOT_SECRET_KEY", ok=False, words=words)
                    for words in dict.fromkeys(errors)
                ]
    except (StorageError, UsageError):
        pass  # `check_database` has told it
    findings += await examine(
        settings, apps, channels, organisations=organisations, clock=now, say=say
    )
    findings += await mail.examine(settings, is_used=bool(channels[Platform.MAIL]), say=say)
    return tuple(findings)


def _zones() -> Finding:
    return Finding(translator()("Time zones"), ok=True, words=f"tzdata {version('tzdata')}")


def _web(settings: Settings) -> Finding:
    say = translator()
    words = f"{settings.web_host}:{settings.web_port}"
    signs_in = settings.web_sign_in or settings.web_user_header
    if settings.web_host not in _LOOPBACK and not signs_in:
        words += "; " + say("it has no login: put it behind a proxy that has one")
    if "slack" in settings.web_sign_in:
        from bot.platforms.slack.sign_in import check_extra

        try:
            check_extra()
        except UsageError as error:
            return Finding(say("Web chat"), ok=False, words=error_text(error, say))
    return Finding(say("Web chat"), ok=True, words=words)


def form(finding: Finding) -> dict[str, object]:
    """A finding as JSON."""
    return {"subject": finding.subject, "ok": finding.ok, "words": finding.words}


def show(findings: Sequence[Finding]) -> None:
    """Print a line for each finding, faults last."""
    say = translator()
    for finding in sorted(findings, key=lambda each: not each.ok):
        verdict = say("ok") if finding.ok else say("WRONG")
        words = f": {finding.words}" if finding.words else ""
        print_line(f"{verdict}  {finding.subject}{printable(words)}")
