"""E-mail by the settings: the adapter, its pages, and what is checked before an address is asked."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.app.parts import post
from bot.app.platforms import Joined
from bot.core.database.database import Database
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, error_text, translatable
from bot.core.ports import ChannelRef, Finding, Platform
from bot.mail.services import opt_in
from bot.mail.services.opt_in import NO_SITE, OptIn
from bot.mail.services.subscribers import DatabaseSubscribers
from bot.mail.store.handovers import DatabaseHandovers
from bot.platforms.mail.access import Access
from bot.platforms.web.visitors.visitor import preferred_language
from bot.settings import Settings

_NO_SERVER = translatable("E-mail is not set up: PAPERBOT_SMTP_URL is missing")
_NO_SENDER = translatable(
    "E-mail needs PAPERBOT_MAIL_FROM, the address that messages are from: such as papers@example.org"
)
_STYLESHEETS = ("/static/mail/base.css", "/static/mail/reading.css")
"""Of the web pages, which serve them under any build's name."""


def access(settings: Settings) -> Access:
    """The server, the sender and the public address; raises `UsageError` for what is missing."""
    server, sender, site = settings.mail_server, settings.mail_sender, settings.web_url
    if server is None:
        raise UsageError(_NO_SERVER)
    if not site:
        raise UsageError(NO_SITE)
    if sender is None:
        raise UsageError(_NO_SENDER)
    return Access(server, sender, site)


def asking(settings: Settings, voices: Callable[[str], Translate]) -> OptIn:
    """What asking an address takes; raises `UsageError` where e-mail is not set up."""
    return OptIn(access(settings).site, voices)


async def check(db: Database, settings: Settings, channel: ChannelRef) -> ChannelRef:
    """The channel, if e-mail is set up and the address wants messages; raises `UsageError`."""
    access(settings)
    return await opt_in.check(db, channel)


def join_mail(
    db: Database,
    settings: Settings,
    *,
    voices: Callable[[str], Translate],
    clock: Callable[[], datetime],
    changed: Callable[[], None],
) -> Joined:
    """E-mail as a platform; `settings.mail_is_on` is true. `changed`: there may be more to plan."""
    # Imported here: the client is slow to import, and few bots use it.
    from bot.platforms.mail.chat import MailChat  # noqa: PLC0415
    from bot.platforms.mail.pages import Pages, PageStyle  # noqa: PLC0415

    subscribers = DatabaseSubscribers(db, clock, changed)
    handovers = DatabaseHandovers(db, clock)
    chat = MailChat(access(settings), subscribers, handovers, voices=voices, clock=clock)
    style = PageStyle(voices, preferred_language, _STYLESHEETS)
    mounts: dict[str, Any] = {"/mail": Pages(subscribers, style).application()}

    async def asked(channel: ChannelRef) -> ChannelRef:
        return await check(db, settings, channel)

    return Joined(chat, asked, lambda: chat.condition, mounts, parts=lambda: [post(Platform.MAIL)])


async def examine(settings: Settings, *, is_used: bool, say: Translate) -> tuple[Finding, ...]:
    """Whether messages can be sent; nothing where e-mail is not set up and no address subscribed."""
    if settings.smtp_url is None and not is_used:
        return ()
    from bot.platforms.mail import doctor  # noqa: PLC0415 - as above

    try:
        return (await doctor.check(access(settings), say),)
    except UsageError as error:
        return (Finding("PAPERBOT_SMTP_URL", ok=False, words=error_text(error, say)),)
