"""What the operator set up for e-mail, as the adapter takes it."""

from bot.core.domain.dataclass import dataclass
from bot.core.domain.mail.address import Sender
from bot.core.domain.mail.server import MailServer


@dataclass(frozen=True, slots=True)
class Access:
    """`site` is the public address of the bot, without a slash at its end."""

    server: MailServer
    sender: Sender
    site: str
