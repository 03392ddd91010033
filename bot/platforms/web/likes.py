"""The like button on a paper's message; with scripts, and as a plain form without."""

from aiohttp import web

from bot.core.ports import Reaction
from bot.platforms.web.addresses import message_ref
from bot.platforms.web.chat_api import read_body
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.forms.posted import read_fields
from bot.platforms.web.rendering.view import is_paper, permalink
from bot.platforms.web.responses import json_response
from bot.platforms.web.visitors.visitor import VISITOR, Visitor
from bot.reactions.domain.emoji import LIKE
from bot.webchat.domain.board import BoardMessage, may_read


async def like(request: web.Request) -> web.Response:
    """Like a paper's message, or with `like` false no longer; may be repeated."""
    context, visitor, body = request.app[CONTEXT], request[VISITOR], await read_body(request)
    is_liked = body.flag("like")
    message = await _like(context, visitor, body.number("message"), is_liked=is_liked)
    liked = await context.board.list_liked(visitor.user.id, message.channel, [message.id])
    change = context.view.change(message, visitor.say.locale, message.id in liked)
    return json_response(f'{{"change": {change}}}')


async def like_by_form(request: web.Request) -> web.Response:
    """The same by a form, which leads back to the message."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    fields = await read_fields(request, visitor.say)
    text = str(fields.get("message", ""))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    message = await _like(context, visitor, number, is_liked=fields.get("like") == "yes")
    raise web.HTTPSeeOther(permalink(message))


async def _like(
    context: WebContext, visitor: Visitor, number: int | None, *, is_liked: bool
) -> BoardMessage:
    message = await context.board.find(number) if number else None
    if message is None or not is_paper(message) or not may_read(message.channel, visitor.user.id):
        raise web.HTTPNotFound(text=visitor.say("That message no longer exists."))
    if visitor.limit_key is None:  # the next request would be another person, who likes it too
        text = visitor.say("Allow cookies for this page and reload it, then try again.")
        raise web.HTTPForbidden(text=text)
    reaction = Reaction(
        message_ref(message.channel, message.id), visitor.user, LIKE, is_liked, context.now()
    )
    await context.inbox.on_reaction(reaction)
    touched = await context.board.touch(message.id)
    context.feed.notify()
    return touched or message
