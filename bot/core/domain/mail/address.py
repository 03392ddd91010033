"""E-mail addresses as the bot takes them: ASCII, one line, in one spelling.

What the local part means is known to its server alone, but none in use tells `Ada@` from `ada@`; one
spelling keeps one person from being subscribed twice. An internationalised domain is stored in its
ASCII form (RFC 5890). A local part with other letters needs SMTPUTF8, which many servers do not offer.
"""

import re
from email.utils import parseaddr

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern

_LOCAL = late_pattern(r"[a-z0-9!#$&'*+=?^_`{|}~-]+(?:\.[a-z0-9!#$&'*+=?^_`{|}~-]+)*", re.ASCII)
"""A dot-atom (RFC 5321) without `/` and `%`, which mean routes to some servers."""
_LABEL = late_pattern(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_DEVIATIONS = frozenset("ßς\u200c\u200d")
"""Letters that the standard library's IDNA of 2003 replaces by others (RFC 5894, section 7.2)."""
_LONGEST_LOCAL, _LONGEST = 64, 254

_NOT_ONE = translatable("“{text}” is not an e-mail address: write one like team@example.org")
_NOT_ASCII = translatable(
    "“{text}” has letters before the @ that many mail servers do not take: use an address in ASCII"
)
_DOMAIN = translatable(
    "“{text}” has a domain that cannot be used: write it in its ASCII form, xn--…"
)


def parse_address(text: str) -> str:
    """The address in its one spelling; raises `UsageError`."""
    typed = text.strip()
    local, at, domain = typed.rpartition("@")
    if not at or not local or any(c.isspace() or not c.isprintable() for c in typed):
        raise UsageError(_NOT_ONE, text=_shown(typed))
    if not local.isascii():
        raise UsageError(_NOT_ASCII, text=_shown(typed))
    address = f"{local.lower()}@{_ascii(domain, typed)}"
    is_well_formed = _LOCAL.fullmatch(local.lower()) and len(local) <= _LONGEST_LOCAL
    if not is_well_formed or len(address) > _LONGEST:
        raise UsageError(_NOT_ONE, text=_shown(typed))
    return address


def _ascii(domain: str, typed: str) -> str:
    if domain.isascii():
        found = domain.lower()
    else:
        try:
            if _DEVIATIONS & set(domain):
                raise UsageError(_DOMAIN, text=_shown(typed))
            found = domain.encode("idna").decode("ascii").lower()
        except UnicodeError as error:
            raise UsageError(_DOMAIN, text=_shown(typed)) from error
    labels = found.split(".")
    if len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise UsageError(_NOT_ONE, text=_shown(typed))
    return found


def _shown(text: str) -> str:
    """On one line, and not too long."""
    printable = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return printable if len(printable) <= _LONGEST else f"{printable[:_LONGEST]}…"


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom messages are from."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What follows the @."""
        return self.address.rpartition("@")[2]


def parse_sender(text: str) -> Sender:
    """`papers@example.org` or `Papers <papers@example.org>`; raises `UsageError`."""
    if any(not c.isprintable() for c in text):
        raise UsageError(_NOT_ONE, text=_shown(text))
    name, address = parseaddr(text)
    return Sender(parse_address(address or text), name.strip())
