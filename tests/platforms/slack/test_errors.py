import json
from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.domain.extent import Extent
from bot.core.ports import ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.core.ports.error_table import ErrorKind
from bot.platforms.slack.errors import MEANINGS, chat_error, meaning_of

CALLED = (
    "apps.connections.open",
    "auth.test",
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.info",
    "conversations.open",
    "conversations.replies",
    "users.info",
    "views.open",
    "views.publish",
    "views.update",
)


def api_error(name: str, *, status: int = 200, headers: dict[str, str] | None = None):
    response = AsyncSlackResponse(
        client=AsyncWebClient(),
        http_verb="POST",
        api_url="http://127.0.0.1/api/chat.postMessage",
        req_args={},
        data={"ok": False, "error": name},
        headers=headers or {},
        status_code=status,
    )
    return SlackApiError("failed", response)


def test_every_error_name_of_the_specification_is_sorted(shared):
    folder = shared / "specs" / "slack-methods"
    names = set(json.loads((folder / "_common_errors.json").read_text()))
    for method in CALLED:
        names |= set(json.loads((folder / f"{method}.json").read_text())["errors"])

    assert sorted(names - set(MEANINGS)) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("channel_not_found", ErrorKind.REFUSED),
        ("is_archived", ErrorKind.REFUSED),
        ("not_in_channel", ErrorKind.REFUSED),
        ("restricted_action_thread_locked", ErrorKind.REFUSED),
        ("invalid_auth", ErrorKind.HELD),
        ("token_revoked", ErrorKind.HELD),
        ("missing_scope", ErrorKind.HELD),
        ("ratelimited", ErrorKind.RETRY),
        ("request_timeout", ErrorKind.RETRY),
        ("internal_error", ErrorKind.UNCERTAIN),
        ("fatal_error", ErrorKind.UNCERTAIN),
        ("an_error_of_next_year", ErrorKind.UNCERTAIN),
        ("invalid_refresh_token", ErrorKind.UNCERTAIN),
        ("invalid_channel", ErrorKind.UNCERTAIN),
        ("missing_channel", ErrorKind.UNCERTAIN),
        ("too_many_channels", ErrorKind.UNCERTAIN),
    ],
)
def test_each_error_has_its_kind(name, kind):
    assert meaning_of(api_error(name)).kind is kind


@pytest.mark.parametrize(
    ("name", "extent"),
    [
        ("message_not_found", Extent.GONE),
        ("thread_not_found", Extent.GONE),
        ("restricted_action_thread_locked", Extent.GONE),
        ("not_in_channel", Extent.CHANNEL),
        ("channel_not_found", Extent.CHANNEL),
        ("is_archived", Extent.CHANNEL),
        ("invalid_blocks", Extent.MESSAGE),
        ("cant_delete_message", Extent.MESSAGE),
        ("msg_too_long", Extent.MESSAGE),
        ("msg_blocks_too_long", Extent.MESSAGE),
        ("metadata_too_large", Extent.MESSAGE),
        ("slack_connect_file_link_sharing_blocked", Extent.MESSAGE),
        ("restricted_action_non_threadable_channel", Extent.THREAD),
        # Not in the documentation of today, and clear by their names:
        ("invalid_rich_text", Extent.MESSAGE),
        ("invalid_block_id", Extent.MESSAGE),
        ("too_many_blocks", Extent.MESSAGE),
        ("text_too_long", Extent.MESSAGE),
        ("blocks_too_large", Extent.MESSAGE),
        ("unsupported_block", Extent.MESSAGE),
    ],
)
def test_each_refusal_has_the_narrowest_extent(name, extent):
    error = chat_error(api_error(name))

    assert isinstance(error, ChatRefusedError)
    assert error.extent is extent


def test_a_server_error_is_never_a_refusal():
    for status in (500, 502, 503, 504):
        assert isinstance(chat_error(api_error("", status=status)), ChatUncertainError)
        assert isinstance(
            chat_error(api_error("channel_not_found", status=status)), ChatUncertainError
        )


def test_retry_after_is_kept_to_the_second():
    error = chat_error(api_error("ratelimited", status=429, headers={"Retry-After": "7"}))

    assert isinstance(error, ChatUnavailableError)
    assert error.retry_after == timedelta(seconds=7)
    assert not error.whole_workspace


@pytest.mark.parametrize("text", ["", "soon", "-3", "99999999999"])
def test_a_malformed_retry_after_means_half_a_minute(text):
    error = chat_error(api_error("ratelimited", status=429, headers={"Retry-After": text}))

    assert isinstance(error, ChatUnavailableError)
    assert error.retry_after == timedelta(seconds=30)


def test_a_wrong_token_holds_the_whole_workspace_and_says_what_to_do():
    error = chat_error(api_error("invalid_auth"))

    assert isinstance(error, ChatUnavailableError)
    assert error.whole_workspace
    assert "SLACK_BOT_TOKEN" in str(error)


def test_not_in_channel_asks_for_an_invitation():
    error = chat_error(api_error("not_in_channel"))

    assert isinstance(error, ChatRefusedError)
    assert "/invite @paperbot" in str(error)
    assert "not_in_channel" in str(error)


def test_a_failed_connect_is_certain_and_a_broken_connection_is_uncertain():
    never = aiohttp.ConnectionTimeoutError()
    broken = aiohttp.ServerDisconnectedError()

    assert isinstance(chat_error(never), ChatUnavailableError)
    assert isinstance(chat_error(broken), ChatUncertainError)
    assert isinstance(chat_error(TimeoutError()), ChatUncertainError)


def test_every_error_has_words():
    assert all(meaning.words for meaning in MEANINGS.values())
