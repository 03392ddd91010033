"""Reads the settings of e-mail; no message repeats the password."""

from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from bot.core.domain.errors import UserError
from bot.core.domain.i18n import translatable
from bot.core.domain.mail.address import Sender, parse_address, parse_sender
from bot.core.domain.mail.server import MailServer, Security
from bot.settings.values import WrongValueError

_PORTS = {"smtp": 587, "smtps": 465}
_ON_THIS_MACHINE = frozenset({"127.0.0.1", "::1"})


def read_smtp_url(value: object) -> SecretStr:
    """`smtp://user:password@host:port` or `smtps://…`, as a secret."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    mail_server(SecretStr(text.strip()))
    return SecretStr(text.strip())


def mail_server(url: SecretStr) -> MailServer:
    """The server that the address names; raises `WrongValueError`.

    Only a server on this very machine, by its number, may be used without encryption.
    """
    try:
        parts = urlsplit(url.get_secret_value())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    rest = (parts.path.strip("/"), parts.query, parts.fragment)
    user, password = (unquote(each) if each else "" for each in (parts.username, parts.password))
    printable = all(map(str.isprintable, (host, user, password))) and " " not in host
    if parts.scheme not in _PORTS or not host or any(rest) or port == 0 or not printable:
        raise WrongValueError(
            translatable(
                "{name} must look like smtp://user:password@mail.example.org:587 or smtps://…:465; in "
                "the user and the password write / as %2F, @ as %40, : as %3A and a space as %20"
            )
        )
    if bool(user) is not bool(password):
        raise WrongValueError(
            translatable("{name} must have both a user and a password, or neither")
        )
    if parts.scheme == "smtps":
        security = Security.TLS
    elif host in _ON_THIS_MACHINE:
        security = Security.NONE
    else:
        security = Security.STARTTLS
    return MailServer(host, port or _PORTS[parts.scheme], security, user, password)


def read_sender(value: object) -> Sender:
    """Whom messages are from."""
    if isinstance(value, Sender):
        return value
    try:
        return parse_sender(str(value))
    except UserError as error:
        raise WrongValueError(
            translatable(
                "{name} must be an address, such as papers@example.org or "
                "Papers <papers@example.org>"
            )
        ) from error


def sender_of(chosen: Sender | None, server: MailServer, site: str | None) -> Sender | None:
    """The sender: as set, else the server's user where that is an address, else one at the site's name."""
    if chosen is not None:
        return chosen
    for address in (server.user, f"paperbot@{urlsplit(site or '').hostname or ''}"):
        try:
            return Sender(parse_address(address))
        except UserError:
            continue
    return None
