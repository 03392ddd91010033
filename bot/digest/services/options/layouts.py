"""What a platform's channels cannot have of a digest's options: an e-mail is one message."""

from bot.channels.domain.digest_options import Layout
from bot.channels.domain.subscription import parse_layout
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, Platform

MAIL_LAYOUTS = (Layout.COMPACT, Layout.TITLES)


def possible_layout(channel: ChannelRef, typed: str | None, *, is_new: bool = False) -> str | None:
    """The typed layout; raises `UsageError` for one that the platform does not have.

    A new subscription gets one that it has.
    """
    if channel.platform is not Platform.MAIL:
        return typed
    if typed is None:
        return str(MAIL_LAYOUTS[0]) if is_new else None
    if parse_layout(typed) not in MAIL_LAYOUTS:
        raise UsageError(
            "A digest by e-mail is one message, which the layout “{layout}” is not: choose one of "
            "{layouts} (compact has every paper in full)",
            layout=parse_layout(typed),
            layouts=", ".join(MAIL_LAYOUTS),
        )
    return typed
