"""A mail server on 127.0.0.1 (aiosmtpd) that keeps what it takes, and fails as it is told."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
_GONE = "421 gone"
USER, PASSWORD = "papers@example.org", "not-a-secret"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one message: `answer` is sent at `stage`, or the connection breaks there.

    Stages: `connect`, `mail`, `rcpt`, `data` (before its content is taken), `content` (after; the
    message is kept only where it is accepted or where the connection breaks). `pause` comes before it.
    """

    stage: str
    answer: str = ""
    pause: float = 0.0
    called: Callable[[], None] = lambda: None


@dataclass(slots=True)
class FakeMail:
    """`faults` are met one by one, each by the next message that reaches its stage."""

    faults: list[Fault] = field(default_factory=list)
    kept: list[tuple[str, EmailMessage]] = field(default_factory=list)
    connections: int = 0
    logins: int = 0
    port: int = 0
    chaos: Callable[[], Fault | None] = lambda: None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"smtp://{HOST}:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """The messages to an address, oldest first."""
        return [message for to, message in self.kept if to == address]

    def fault_at(self, stage: str) -> Fault | None:
        """The fault that is to happen now."""
        if self.faults and self.faults[0].stage == stage:
            return self.faults.pop(0)
        return self.chaos() if stage == "content" else None


class _Handler:
    def __init__(self, world: FakeMail) -> None:
        self._world = world

    async def handle_MAIL(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._meet("mail", server) or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refused = await self._meet("rcpt", server)
        if refused is None:
            envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        fault = self._world.fault_at("content")
        if fault is None or not fault.answer or fault.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            message = message_from_bytes(content, policy=default)
            assert isinstance(message, EmailMessage)
            self._world.kept.append((envelope.rcpt_tos[0], message))
        return await _happen(fault, server) or "250 2.0.0 OK: queued"

    async def _meet(self, stage: str, server: SMTP) -> str | None:
        return await _happen(self._world.fault_at(stage), server)


async def _happen(fault: Fault | None, server: SMTP) -> str | None:
    """The answer of a fault; where it has none the connection breaks."""
    if fault is None:
        return None
    fault.called()
    await asyncio.sleep(fault.pause)
    if fault.answer:
        return fault.answer
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    return _GONE


class _Server(SMTP):
    """With faults where aiosmtpd calls no handler."""

    world: FakeMail

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.world.connections += 1
        fault = self.world.fault_at("connect")
        if fault is not None:
            assert isinstance(transport, asyncio.Transport)
            if fault.answer:
                transport.write(f"{fault.answer}\r\n".encode())
            transport.close()
            return
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        answer = await _happen(self.world.fault_at("data"), self)
        if answer is None:
            await super().smtp_DATA(arg)
        elif answer != _GONE:
            self._set_rset_state()
            await self.push(answer)


@asynccontextmanager
async def mail_server(
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    login: bool = False,
) -> AsyncIterator[FakeMail]:
    """A running server; with `login` it takes messages only of the one user that it knows."""
    world = FakeMail()

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        world.logins += 1
        is_known = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=is_known, handled=False)

    def make() -> _Server:
        with warnings.catch_warnings(action="ignore"):  # of a login without TLS
            server = _Server(
                _Handler(world),
                hostname="mail.example.org",
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=authenticate if login else None,
                auth_required=login,
                auth_require_tls=False,
            )
        server.world = world
        return server

    listening = await asyncio.get_running_loop().create_server(make, HOST, 0, ssl=tls)
    world.port = listening.sockets[0].getsockname()[1]
    try:
        yield world
    finally:
        listening.close()
