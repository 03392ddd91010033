"""The credentials and addresses that the operator configured for Discord."""

from dataclasses import field

from bot.core.domain.dataclass import dataclass

API_BASE = "https://discord.com/api/v10"
GATEWAY_URL = "wss://gateway.discord.gg/"


@dataclass(frozen=True, slots=True)
class Access:
    """A bot's token, where Discord is, and in which guilds commands appear (none: everywhere)."""

    token: str = field(repr=False)
    api_base: str = API_BASE
    gateway_url: str = GATEWAY_URL
    guilds: tuple[int, ...] = ()
