"""What a browser sends of a form: by a script as JSON, without one as the form's own fields."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.core.domain.dataclass import dataclass
from bot.core.domain.form import text_most
from bot.core.domain.i18n import Translate
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import Platform
from bot.platforms.web.chat_api import read_object

MOST_BODY = 512 * 1024
"""Bytes of a form: five fields of `LONGEST` characters each."""

LONGEST = text_most(Platform.WEB)
"""Characters of one field. A page has room for more than a modal."""

FIELD = "field-"
"""Begins the name of each field of the form, so that none is taken for one of the page's own."""

_MOST_FIELDS = 20
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Posted:
    """`channel` is where the form was opened, `paper` what it was opened for.

    `touched` are the fields that were typed into, where a script tells.
    """

    key: str
    channel: str
    paper: str
    action: str
    values: Mapping[str, str]
    touched: frozenset[str] | None = None


async def read_script(request: web.Request, say: Translate) -> Posted:
    """What the page's script sent; raises an answer with status 413 or 422."""
    body = await read_object(request.clone(client_max_size=MOST_BODY), say)
    values = body.get("values", {})
    return _posted(body, values if isinstance(values, dict) else {}, say)


async def read_form(request: web.Request, say: Translate) -> Posted:
    """What a browser sent by itself; raises an answer with status 413 or 422."""
    fields = await read_fields(request.clone(client_max_size=MOST_BODY), say)
    values = {
        # A browser ends lines of a form with CR LF, whatever was typed.
        name.removeprefix(FIELD): value.replace("\r\n", "\n") if isinstance(value, str) else value
        for name, value in fields.items()
        if name.startswith(FIELD)
    }
    return _posted(fields, values, say)


async def read_fields(request: web.BaseRequest, say: Translate) -> Mapping[str, object]:
    """The fields of a form, unchecked; raises an answer with status 413 or 422."""
    try:
        return await request.post()
    except (ValueError, LookupError, RuntimeError, HttpProcessingError) as error:
        # What aiohttp raises of parts without a name, wrong boundaries, charsets, encodings, headers.
        raise _unreadable(say) from error


def _posted(own: Mapping[str, object], values: Mapping[str, object], say: Translate) -> Posted:
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    if len(texts) < len(values) or len(values) > _MOST_FIELDS:
        raise _unreadable(say)
    for name, text in texts.items():
        if len(name) > _LONGEST_NAME:
            raise _unreadable(say)
        if len(text) > LONGEST:
            raise web.HTTPUnprocessableEntity(
                text=say(
                    "That is too long: {n} characters, at most {most} are allowed.",
                    n=len(text),
                    most=LONGEST,
                )
            )
    return Posted(
        key=_short(own, "key", say),
        channel=_short(own, "channel", say),
        paper=_short(own, "paper", say, most=LONGEST),
        action=_short(own, "action", say),
        values={name: well_formed(text) for name, text in texts.items()},
        touched=_touched(own.get("touched"), texts, say),
    )


def _touched(names: object, values: Mapping[str, str], say: Translate) -> frozenset[str] | None:
    if names is None:
        return None
    if not isinstance(names, list):
        raise _unreadable(say)
    return frozenset(name for name in values if name in names)


def _short(own: Mapping[str, object], name: str, say: Translate, *, most: int = 400) -> str:
    value = own.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise _unreadable(say)
    return well_formed(value)


def _unreadable(say: Translate) -> web.HTTPException:
    return web.HTTPUnprocessableEntity(text=say("The request could not be read."))
