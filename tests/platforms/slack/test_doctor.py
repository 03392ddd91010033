from datetime import UTC, datetime, timedelta

import pytest

from bot.core.catalogue import Catalogues
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, ChatError, Finding, Platform
from bot.platforms.slack.access import Access
from bot.platforms.slack.channels import check_once
from bot.platforms.slack.doctor import check
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, FakeSlack, Fault


def now() -> datetime:
    return datetime.now(UTC)


def channel(name: str) -> ChannelRef:
    return ChannelRef(Platform.SLACK, "", name)


def access(slack: FakeSlack) -> Access:
    return Access(BOT_TOKEN, APP_TOKEN, None, slack.url)


def wrong(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.subject: finding.words for finding in findings if not finding.ok}


async def test_doctor_finds_nothing_wrong_in_a_good_setup():
    async with FakeSlack() as slack:
        findings = await check(access(slack), [channel("C1")], clock=now, say=ENGLISH)

    assert wrong(findings) == {}
    assert [finding.subject for finding in findings] == [
        "SLACK_BOT_TOKEN",
        "Slack: scopes",
        "Slack: clock",
        "SLACK_APP_TOKEN",
        "Slack: forms",
        "slack:C1",
    ]
    assert findings[0].words == "Papers, @paperbot"


async def test_with_a_rejected_token_nothing_else_is_checked():
    async with FakeSlack() as slack:
        slack.tokens[BOT_TOKEN] = "token_revoked"
        findings = await check(access(slack), [channel("C1")], clock=now, say=Catalogues()("ko"))

    assert list(wrong(findings)) == ["SLACK_BOT_TOKEN"]
    assert "SLACK_BOT_TOKEN" in findings[0].words
    assert "토큰" in findings[0].words


async def test_a_wrong_app_level_token_and_missing_scopes_are_named():
    async with FakeSlack() as slack:
        slack.tokens[APP_TOKEN] = "invalid_auth"
        slack.world.scopes -= {"channels:history", "users:read"}
        findings = await check(access(slack), [], clock=now, say=ENGLISH)

    found = wrong(findings)
    assert "channels:history, users:read" in found["Slack: scopes"]
    assert "connections:write" in found["SLACK_APP_TOKEN"]


async def test_each_channel_is_checked():
    async with FakeSlack() as slack:
        slack.world.add_channel("C2", "elsewhere", joined=False)
        slack.world.add_channel("C3", "old").archived = True
        slack.world.add_channel("C4", "secret", private=True)
        slack.world.scopes.discard("groups:history")
        channels = [channel(name) for name in ("C1", "C2", "C3", "C4", "C404")]
        findings = await check(access(slack), channels, clock=now, say=ENGLISH)

    found = wrong(findings)
    assert "/invite" in found["slack:C2"]
    assert "archived" in found["slack:C3"]
    assert "permission" in found["slack:C4"]
    assert "check the id" in found["slack:C404"]
    assert "slack:C1" not in found


async def test_a_wrong_clock_is_reported():
    async with FakeSlack() as slack:
        findings = await check(
            access(slack), [], clock=lambda: now() + timedelta(minutes=7), say=ENGLISH
        )

    assert "42" in wrong(findings)["Slack: clock"]


async def test_an_unreachable_slack_is_reported():
    unreachable = Access(BOT_TOKEN, APP_TOKEN, None, "http://127.0.0.1:9/api/")

    findings = await check(unreachable, [], clock=now, say=ENGLISH)

    (words,) = wrong(findings).values()
    assert list(wrong(findings)) == ["SLACK_API_BASE"]
    assert words.startswith("Slack cannot be reached (auth.test: Client")


async def test_without_a_scopes_header_no_scope_is_called_missing():
    async with FakeSlack() as slack:
        slack.tells_scopes = False
        findings = await check(access(slack), [], clock=now, say=ENGLISH)

    (scopes,) = [finding for finding in findings if finding.subject == "Slack: scopes"]
    assert scopes.ok
    assert scopes.words == "Slack did not say which scopes the token has, so they were not checked"


FAULTS = {
    "missing_scope": Fault("conversations.info", error="missing_scope"),
    "unknown_method": Fault("conversations.info", error="unknown_method"),
    "internal_error": Fault("conversations.info", error="internal_error"),
    "an_error_of_next_year": Fault("conversations.info", error="an_error_of_next_year"),
    "method_not_supported_for_channel_type": Fault(
        "conversations.info", error="method_not_supported_for_channel_type"
    ),
    "HTTP 404": Fault("conversations.info", status=404, body='{"detail": "Not Found"}'),
    "HTTP 405": Fault("conversations.info", status=405),
    "HTTP 500": Fault("conversations.info", status=500),
    "": Fault("conversations.info", drop=True, times=9),  # aiohttp asks again by itself
}


@pytest.mark.parametrize("error", FAULTS)
@pytest.mark.parametrize("language", ["en", "ko"])
async def test_a_channel_that_cannot_be_checked_says_which_method_failed_and_how(error, language):
    say = Catalogues()(language)
    async with FakeSlack() as slack:
        slack.faults.append(Fault(**vars(FAULTS[error])))
        with pytest.raises(ChatError) as refused:
            await check_once(access(slack), channel("C1"))
        slack.faults.append(Fault(**vars(FAULTS[error])))
        findings = await check(access(slack), [channel("C1")], clock=now, say=say)

    assert refused.value.detail.startswith(f"conversations.info: {error}")
    words = wrong(findings)["slack:C1"]
    assert words.endswith(f"({refused.value.detail})")
    assert words.startswith(say(refused.value.reason))
    if language == "ko":
        assert say(refused.value.reason) != refused.value.reason


async def test_a_missing_scope_is_named():
    async with FakeSlack() as slack:
        slack.world.scopes.discard("channels:read")
        with pytest.raises(ChatError) as refused:
            await check_once(access(slack), channel("C1"))

    assert refused.value.detail == "conversations.info: missing_scope, channels:read is needed"


async def test_a_token_that_is_refused_names_the_method():
    async with FakeSlack() as slack:
        slack.tokens[BOT_TOKEN] = "token_revoked"
        with pytest.raises(ChatError) as refused:
            await check_once(access(slack), channel("C1"))

    assert refused.value.detail == "auth.test: token_revoked"


async def test_doctor_names_the_request_url_in_http_mode():
    async with FakeSlack() as slack:
        http = Access(BOT_TOKEN, None, SIGNING_SECRET, slack.url)
        findings = await check(http, [], clock=now, say=ENGLISH)

    assert wrong(findings) == {}
    assert "/slack/events" in findings[-2].words
    assert "Note on this paper" in findings[-1].words
