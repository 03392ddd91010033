"""What `paperbot doctor` checks of e-mail: the server lets the bot in. Nothing is sent."""

from bot.core.domain.i18n import Translate
from bot.core.ports import ChatError, Finding
from bot.platforms.mail.access import Access
from bot.platforms.mail.connection import Connection


async def check(access: Access, say: Translate) -> Finding:
    """Connect and sign in, once."""
    server = access.server
    connection = Connection(access)
    try:
        await connection.check()
    except ChatError as error:
        detail = f" ({error.detail})" if error.detail else ""
        return Finding("PAPERBOT_SMTP_URL", ok=False, words=f"{say(error.reason)}{detail}")
    finally:
        await connection.close()
    words = say(
        "{host} port {port} takes messages from {sender}",
        host=server.host,
        port=server.port,
        sender=access.sender.address,
    )
    return Finding("PAPERBOT_SMTP_URL", ok=True, words=words)
