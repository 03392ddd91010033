"""Which talk of other platforms a visitor may read."""

from collections.abc import Mapping

from bot.core.ports import ChannelRef, parse_channel
from bot.platforms.web.context import WebContext
from bot.platforms.web.visitors.visitor import Visitor


async def visible_channels(context: WebContext, visitor: Visitor) -> Mapping[ChannelRef, str]:
    """The channels of other platforms whose talk the visitor may read, with their names."""
    if visitor.session is None or context.sign_in is None:
        return {}
    who = visitor.session.who
    known = [parse_channel(each) for each in await context.library.list_channels()]
    theirs = [channel for channel in known if who.is_of(channel)]
    return await context.sign_in.rights.list_visible(who, theirs)


async def visible_refs(context: WebContext, visitor: Visitor) -> frozenset[str]:
    """The same as REFs."""
    return frozenset(map(str, await visible_channels(context, visitor)))
