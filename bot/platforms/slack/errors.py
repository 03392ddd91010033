"""What Slack's errors mean for a message, and what a person can do about each."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern
from bot.core.ports import ChatError, ChatRefusedError
from bot.core.ports.error_table import (
    ABOUT_THE_REQUEST,
    HELD_FOR,
    RETRIED_AFTER,
    ErrorKind,
    ErrorMeaning,
    held,
    refused,
    retry,
    uncertain,
)

NOT_IN_CHANNEL = translatable(
    "the bot is not in that channel: type /invite @paperbot there, then resume the subscription"
)
NO_CHANNEL = translatable(
    "Slack has no such channel, or it is private and the bot is not in it: check the id, and "
    "type /invite @paperbot there"
)
ARCHIVED = translatable("the channel is archived: unarchive it, or remove the subscription")
BAD_TOKEN = translatable(
    "Slack rejects the bot's token: reinstall the app, put the new token into SLACK_BOT_TOKEN, "
    "then restart the bot"
)
BAD_APP_TOKEN = translatable(
    "Slack rejects the app-level token: generate one with the scope connections:write, put it "
    "into SLACK_APP_TOKEN, then restart the bot"
)
NO_SCOPE = translatable(
    "the bot lacks a permission: add the scopes of deploy/slack-manifest.yaml to the app and "
    "reinstall it"
)
_NO_METHOD = translatable(
    "Slack does not know a method that the bot calls: check SLACK_API_BASE, or update the bot"
)
_POLICY = translatable("a workspace policy forbids it: ask the administrators to allow this app")
_CHANNEL_POLICY = translatable(
    "the bot may not post in this channel: ask a channel manager to allow it"
)
_THREAD = translatable(
    "the bot cannot post in that thread: it is locked, deleted or does not accept replies"
)
_GONE = translatable("the message no longer exists")
_NOT_EDITABLE = translatable("Slack no longer allows this message to be changed")
_NOBODY = translatable("Slack has no such user, or the bot may not message them")
_NO_MESSAGES_TAB = translatable(
    "the app takes no direct messages: turn on its Messages tab (App Home) in Slack's app settings"
)
_MALFORMED = translatable(
    "Slack rejects the message as invalid. This is a bug in the bot: please report it"
)
_RATE = translatable("Slack's rate limit is reached: the bot waits, then goes on")
_MOVING = translatable("Slack is migrating the workspace or the channel; it will be back")
_TRANSIENT = translatable("the request reached Slack incomplete")
_BROKEN = translatable("Slack failed while processing the request; it may have succeeded anyway")
_DISCONNECTED = translatable("the connection broke before Slack answered")
UNREACHABLE = translatable("Slack cannot be reached")
_UNKNOWN = translatable("Slack answered with an error that this bot does not know")

MEANINGS: Mapping[str, ErrorMeaning] = {
    **refused(NOT_IN_CHANNEL, "not_in_channel", "no_permission", "user_not_in_channel"),
    **refused(NO_CHANNEL, "channel_not_found", "team_not_found"),
    **refused(ARCHIVED, "is_archived", "is_inactive"),
    **refused(
        _CHANNEL_POLICY,
        "channel_is_limited_access",
        "posting_to_channel_denied",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "method_not_supported_for_channel_type",
    ),
    **refused(_THREAD, "restricted_action_non_threadable_channel", extent=Extent.THREAD),
    **refused(
        _THREAD,
        "cannot_reply_to_message",
        "restricted_action_thread_locked",
        "thread_not_found",
        extent=Extent.GONE,
    ),
    **refused(_GONE, "message_not_found", extent=Extent.GONE),
    **refused(
        _NOT_EDITABLE,
        "block_mismatch",
        "cant_broadcast_message",
        "cant_delete_message",
        "cant_update_message",
        "edit_window_closed",
        "no_dual_broadcast_content_update",
        extent=Extent.MESSAGE,
    ),
    **refused(
        _NOBODY,
        "cannot_dm_bot",
        "invalid_user_combination",
        "missing_profile_id",
        "missing_user",
        "not_enabled",
        "not_enough_users",
        "too_many_users",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_list_not_supplied",
    ),
    **refused(_NO_MESSAGES_TAB, "messages_tab_disabled"),
    **refused(
        _MALFORMED,
        "as_user_not_supported",
        "attachment_payload_limit_exceeded",
        "blocked_file_type",
        "draft_already_deleted",
        "draft_already_sent",
        "draft_has_conflict",
        "draft_not_found",
        "duplicate_channel_not_found",
        "duplicate_external_id",
        "duplicate_message_not_found",
        "exchanged_trigger_id",
        "expired_trigger_id",
        "fetch_members_failed",
        "file_deleted",
        "file_is_deleted",
        "file_not_found",
        "file_share_limit_reached",
        "hash_conflict",
        "insecure_request",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_charset",
        "invalid_cursor",
        "invalid_form_data",
        "invalid_limit",
        "invalid_metadata_filter_keys",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "invalid_post_type",
        "invalid_trigger_id",
        "invalid_ts_latest",
        "invalid_ts_oldest",
        "invalid_types",
        "list_record_comment_fetch_failed",
        "markdown_text_conflict",
        "max_file_sharing_exceeded",
        "metadata_must_be_sent_from_app",
        "metadata_too_large",
        "missing_args",
        "missing_argument",
        "missing_file_data",
        "missing_post_type",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "not_found",
        "not_implemented",
        "slack_connect_blocked_file_type",
        "slack_connect_canvas_sharing_blocked",
        "slack_connect_clip_sharing_blocked",
        "slack_connect_file_link_sharing_blocked",
        "slack_connect_file_upload_sharing_blocked",
        "slack_connect_lists_sharing_blocked",
        "too_many_attachments",
        "too_many_contact_cards",
        "too_many_members",
        "unable_to_share_files",
        "view_too_large",
        extent=Extent.MESSAGE,
    ),
    **held(
        BAD_TOKEN,
        "account_inactive",
        "invalid_auth",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    ),
    **held(NO_SCOPE, "missing_scope"),
    **held(
        _POLICY,
        "access_denied",
        "accesslimited",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "enterprise_not_found",
        "fail_to_get_teams_for_restricted_user",
        "forbidden_team",
        "org_not_found",
        "team_access_not_granted",
        "team_not_on_enterprise",
        "two_factor_setup_required",
    ),
    **held(_NO_METHOD, "deprecated_endpoint", "method_deprecated", "unknown_method"),
    **held(_MOVING, "org_login_required", "team_added_to_org"),
    **retry(_MOVING, HELD_FOR, "external_channel_migrating"),
    **retry(_RATE, RETRIED_AFTER, "ratelimited", "rate_limited"),
    **retry(_RATE, HELD_FOR, "message_limit_exceeded"),
    **retry(_TRANSIENT, RETRIED_AFTER, "request_timeout", "streaming_state_conflict"),
    **uncertain(_BROKEN, "fatal_error", "internal_error", "service_unavailable", "update_failed"),
}
"""Every error name of the methods that the bot calls."""

# Names that Slack may add later and that can only mean this message. What might be about the
# token, the channel or a person is left out: it stays uncertain.
_ABOUT_THE_MESSAGE = late_pattern(
    r"(?:invalid|malformed|missing|too_many|unsupported|blocked)_(?!.*(?:auth|token|team|channel|user"
    r"|scope|client|permission)).+|(?:msg|message|text|blocks?|attachments?|metadata|file|payload)_"
    r".*too_(?:long|large|big|many)"
)
_THIS_MESSAGE = ErrorMeaning(ErrorKind.REFUSED, _MALFORMED, extent=Extent.MESSAGE)

_BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
_BAD_TOKENS = frozenset(name for name, meaning in MEANINGS.items() if meaning.words == BAD_TOKEN)


def error_name(error: SlackApiError) -> str:
    """Slack's word for what is wrong, or the empty string where it is not Slack who answers."""
    data = getattr(error.response, "data", None)
    name = data.get("error") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


def is_limit(error: SlackApiError) -> bool:
    """Whether Slack asks to call later."""
    limits = {"ratelimited", "rate_limited"}
    return _status(error) == HTTPStatus.TOO_MANY_REQUESTS or error_name(error) in limits


def meaning_of(error: Exception) -> ErrorMeaning:
    """What an exception of the SDK means for the message that was on its way."""
    match error:
        case SlackApiError():
            return _meaning_of_answer(error)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return ErrorMeaning(ErrorKind.RETRY, UNREACHABLE)
        case aiohttp.ClientSSLError():
            return ErrorMeaning(ErrorKind.RETRY, UNREACHABLE)
        case _:
            return ErrorMeaning(ErrorKind.UNCERTAIN, _DISCONNECTED)


def _meaning_of_answer(error: SlackApiError) -> ErrorMeaning:
    status = _status(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ErrorMeaning(ErrorKind.RETRY, _RATE, retry_after(error.response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ErrorMeaning(ErrorKind.UNCERTAIN, _BROKEN)
    name = error_name(error)
    if name in MEANINGS:
        return MEANINGS[name]
    if not name and status in ABOUT_THE_REQUEST:
        return _THIS_MESSAGE
    if _ABOUT_THE_MESSAGE.fullmatch(name):
        return _THIS_MESSAGE
    return ErrorMeaning(ErrorKind.UNCERTAIN, _UNKNOWN)


def _status(error: SlackApiError) -> int:
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0))


def retry_after(response: Any) -> timedelta:
    """The pause that Slack names, to the second."""
    headers = getattr(response, "headers", None) or {}
    text = str(headers.get("Retry-After", "")).strip()
    if text.isascii() and text.isdigit() and len(text) < 7:
        return timedelta(seconds=int(text))
    return RETRIED_AFTER


def chat_error(error: Exception, *, method: str = "") -> ChatError:
    """The exception of the port for one of the SDK.

    Its `detail` is the method that was called and Slack's word. `method` is needed where Slack did
    not answer.
    """
    return meaning_of(error).chat_error(_detail(error, method))


def direct_error(error: SlackApiError) -> ChatError:
    """The same for a call about direct messages.

    The scopes for them are others than those for channels: without one of them only the direct
    messages are refused, and not held up with everything else.
    """
    found = chat_error(error)
    if error_name(error) != "missing_scope":
        return found
    refusal = ChatRefusedError(found.reason)
    refusal.detail = found.detail
    return refusal


def _detail(error: Exception, method: str) -> str:
    """`conversations.info: missing_scope, channels:read is needed`."""
    if not isinstance(error, SlackApiError):
        return ": ".join(filter(None, (method, type(error).__name__)))
    called = str(getattr(error.response, "api_url", "")).rpartition("/")[2].partition("?")[0]
    data = getattr(error.response, "data", None)
    needed = data.get("needed") if isinstance(data, dict) else None
    name = error_name(error) or f"HTTP {_status(error)}"
    word = f"{name}, {needed} is needed" if isinstance(needed, str) else name
    return ": ".join(filter(None, (method or called, word)))


def is_bad_token(error: SlackApiError) -> bool:
    """Whether no waiting helps: the token itself is wrong."""
    return error_name(error) in _BAD_TOKENS


def is_about_blocks(error: SlackApiError) -> bool:
    """Whether the same words without their blocks might be taken."""
    name = error_name(error)
    if name == "invalid_arguments":
        return any("/blocks" in detail for detail in error_details(error))
    return name in _BAD_BLOCKS


def error_details(error: SlackApiError) -> tuple[str, ...]:
    """What Slack says about the error beside its name: `[ERROR] … [json-pointer:/blocks/0]`."""
    data = getattr(error.response, "data", None)
    metadata = data.get("response_metadata") if isinstance(data, dict) else None
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return tuple(str(each) for each in messages) if isinstance(messages, list) else ()


SDK_ERRORS = (
    SlackClientError,
    aiohttp.ClientError,
    TimeoutError,
    # A proxy's answer that is no JSON, or in no known encoding, breaks the SDK in these ways.
    ValueError,
    LookupError,
    AttributeError,
)
"""What a call of the SDK may raise."""
