"""The end of a message: why the reader gets it, and how to get no more of them."""

from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Translate


@dataclass(frozen=True, slots=True)
class Footer:
    """Lines of text, and links by their labels."""

    locale: str
    lines: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()


def footer(address: str, unsubscribe: str, archive: str, say: Translate) -> Footer:
    """Of a message to an address that has confirmed."""
    return Footer(
        say.locale,
        (
            say("You get this because {address} has subscribed to it.", address=address),
            say("Nobody reads replies to this address."),
        ),
        ((say("Unsubscribe"), unsubscribe), (say("All papers"), archive)),
    )


def bare_footer(say: Translate) -> Footer:
    """Of the message that asks for the confirmation: there is nothing to unsubscribe from yet."""
    return Footer(say.locale, (say("Nobody reads replies to this address."),))
