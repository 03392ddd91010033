"""What it means that the gateway closed a connection, by its close code, and what to do.

The codes are Discord's (docs: topics/opcodes-and-status-codes, "Gateway Close Event Codes").
"""

from collections.abc import Mapping

from bot.core.domain.i18n import translatable

AUTHENTICATION_FAILED = 4004
SHARDING_REQUIRED = 4011
REFUSED_INTENTS = frozenset({4013, 4014})

NO_SHARD = translatable(
    "Discord rejects the connection's shard number. This is a bug in the bot: please report it"
)
TOO_MANY_SERVERS = translatable(
    "the bot is in more servers than its gateway connections may serve (2,500 each); it asks "
    "Discord again how many it should have"
)
OLD_VERSION = translatable(
    "Discord no longer supports the gateway version that this bot uses: install a newer version "
    "of the bot"
)
FINAL: Mapping[int, str] = {4010: NO_SHARD, SHARDING_REQUIRED: TOO_MANY_SERVERS, 4012: OLD_VERSION}
"""Trying again does not help until a person has done something."""

CLOSED = translatable("the gateway closed the connection")
_REASONS: Mapping[int, str] = {
    1000: "closed normally",
    1001: "going away",
    1006: "cut off",
    4000: "unknown error",
    4001: "unknown opcode",
    4002: "decode error",
    4003: "not authenticated",
    4004: "authentication failed",
    4005: "already authenticated",
    4007: "invalid sequence",
    4008: "rate limited",
    4009: "session timed out",
    4013: "invalid intents",
    4014: "disallowed intents",
}


def closed_with(code: int | None) -> str:
    """One line about a connection that was closed with this code (`None`: with none)."""
    if code is None:
        return CLOSED
    if code in FINAL:
        return f"{FINAL[code]} ({code})"
    reason = _REASONS.get(code)
    return f"{CLOSED} ({code}, {reason})" if reason else f"{CLOSED} ({code})"
