"""A message is handed to a real mail server once, whatever that answers and wherever it breaks."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.core.domain.extent import Extent
from bot.core.domain.mail.server import Security
from bot.core.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    DeliveryKey,
    Platform,
)
from tests.fakes.mail import PASSWORD, USER, Fault
from tests.platforms.mail.stage import SENDER, TEAM, Stage, ask, key, said, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as opened:
        yield opened


async def test_several_messages_go_over_one_connection(stage: Stage):
    for number in range(3):
        await stage.chat.post(TEAM, said(f"paper {number}"), key=key(str(number)))

    assert [message["Message-ID"] for message in stage.fake.to(TEAM.id)] == [
        f"<mail{number}@example.org>" for number in range(3)
    ]
    assert stage.fake.connections == 1


@pytest.mark.parametrize(
    ("stages", "answer"),
    [
        (("connect",), "421 4.3.2 shutting down"),
        (("connect",), ""),
        (("mail",), "451 4.3.0 try again"),
        (("mail",), ""),
        (("rcpt",), "450 4.2.0 greylisted"),
        (("rcpt",), "554 5.7.1 relay access denied"),
        (("rcpt",), ""),
        (("data",), "452 4.3.1 no room"),
        (("content",), "451 4.7.1 try again"),
        (("mail",), "550 5.7.1 not from you"),
    ],
)
async def test_what_was_certainly_not_taken_is_tried_again(stage: Stage, stages, answer):
    stage.fake.faults = [Fault(each, answer) for each in stages]
    begun = stage.clock()

    with pytest.raises(ChatUnavailableError, match=r"mail server"):
        await stage.chat.post(TEAM, said("a paper"), key=key("1"))

    assert await stage.chat.find(TEAM, key("1"), since=begun) is None
    posted = await stage.chat.post(TEAM, said("a paper"), key=key("1"))
    assert await stage.chat.find(TEAM, key("1"), since=begun) == posted
    assert len(stage.fake.to(TEAM.id)) == 1


@pytest.mark.parametrize("stage_of_fault", ["data", "content"])
async def test_what_is_in_doubt_after_data_is_neither_found_nor_absent(
    stage: Stage, stage_of_fault: str
):
    """The server may have it: only a person may have it sent again."""
    stage.fake.faults = [Fault(stage_of_fault)]
    begun = stage.clock()

    with pytest.raises(ChatUncertainError):
        await stage.chat.post(TEAM, said("a paper"), key=key("1"))

    with pytest.raises(ChatRefusedError, match=r"mail1@example\.org"):
        await stage.chat.find(TEAM, key("1"), since=begun)
    with pytest.raises(ChatUnavailableError):  # another process, just now
        await stage.chat.post(TEAM, said("a paper"), key=key("1"))
    stage.clock.ahead += timedelta(minutes=5)
    await stage.chat.post(TEAM, said("a paper"), key=key("1"))
    ids = {message["Message-ID"] for message in stage.fake.to(TEAM.id)}
    assert ids == {"<mail1@example.org>"}


async def test_what_is_cut_off_while_the_server_has_its_content_is_in_doubt(stage: Stage):
    reached = asyncio.Event()
    stage.fake.faults = [Fault("content", "250 OK", pause=60.0, called=reached.set)]
    begun = stage.clock()

    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(stage.chat.post(TEAM, said("a paper"), key=key("1")))
        await reached.wait()
        posting.cancel()

    with pytest.raises(ChatRefusedError):
        await stage.chat.find(TEAM, key("1"), since=begun)


async def test_what_is_cut_off_before_its_content_was_certainly_not_sent(stage: Stage):
    reached = asyncio.Event()
    stage.fake.faults = [Fault("rcpt", "250 OK", pause=60.0, called=reached.set)]
    begun = stage.clock()

    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(stage.chat.post(TEAM, said("a paper"), key=key("1")))
        await reached.wait()
        posting.cancel()

    assert await stage.chat.find(TEAM, key("1"), since=begun) is None
    await stage.chat.post(TEAM, said("a paper"), key=key("1"))
    assert len(stage.fake.to(TEAM.id)) == 1


@pytest.mark.parametrize(
    ("fault", "extent"),
    [
        (Fault("rcpt", "550 5.1.1 no such user"), Extent.CHANNEL),
        (Fault("content", "550 5.1.1 no such user here"), Extent.CHANNEL),
        (Fault("content", "554 5.7.1 looks like spam"), Extent.MESSAGE),
    ],
)
async def test_an_address_that_is_refused_is_told_from_a_message_that_is(
    stage: Stage, fault: Fault, extent: Extent
):
    stage.fake.faults = [fault]

    with pytest.raises(ChatRefusedError, match=r"5\.") as refused:
        await stage.chat.post(TEAM, said("a paper"), key=key("1"))

    assert refused.value.extent is extent
    assert stage.fake.to(TEAM.id) == []
    assert stage.chat.condition.ok


async def test_an_address_that_has_not_confirmed_gets_the_one_message_that_asks(stage: Stage):
    other = ChannelRef(Platform.MAIL, "", "other@example.org")
    with pytest.raises(ChatRefusedError, match="never asked"):
        await stage.chat.post(other, said("a paper"), key=key("1"))
    await ask(stage.db, other.id, stage.clock())
    subscriber = await stage.subscribers.find(other.id)
    assert subscriber is not None

    with pytest.raises(ChatRefusedError, match="not confirmed"):
        await stage.chat.post(other, said("a paper"), key=key("1"))
    await stage.chat.post(other, said("Do you want it?"), key=DeliveryKey(subscriber.confirm_key))

    [asking] = stage.fake.to(other.id)
    assert asking["List-Unsubscribe"] is None


async def test_a_sent_message_stays_as_it_is(stage: Stage):
    posted = await stage.chat.post(TEAM, said("befor"), key=key("1"))

    for work in (stage.chat.edit(posted, said("after")), stage.chat.delete(posted)):
        with pytest.raises(ChatRefusedError) as refused:
            await work
        assert refused.value.extent is Extent.SENT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS of a server and of a client that trusts it."""
    from datetime import UTC, datetime
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(own, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem, secret)
    return server, ssl.create_default_context(cafile=str(pem))


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_over_tls_it_signs_in_and_sends(certificate, security: Security):
    server, client = certificate
    async with staged(
        security=security,
        server_tls=server,
        client_tls=client,
        login=(USER, PASSWORD),
        wants_login=True,
    ) as stage:
        await stage.chat.post(TEAM, said("a paper"), key=key("1"))

        assert stage.fake.logins == 1
        [message] = stage.fake.to(TEAM.id)
        assert message["From"] == f'"{SENDER.name}" <{SENDER.address}>'


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_with_a_certificate_that_is_not_trusted_nothing_is_said(
    certificate, security: Security
):
    server, _ = certificate
    async with staged(
        security=security, server_tls=server, login=(USER, PASSWORD), wants_login=True
    ) as stage:
        with pytest.raises(ChatUnavailableError, match="certificate") as failed:
            await stage.chat.post(TEAM, said("a paper"), key=key("1"))

        assert failed.value.whole_workspace
        assert stage.fake.logins == 0
        assert not stage.chat.condition.ok


async def test_without_starttls_nothing_is_said():
    async with staged(security=Security.STARTTLS) as stage:
        with pytest.raises(ChatUnavailableError, match="encrypted"):
            await stage.chat.post(TEAM, said("a paper"), key=key("1"))

        assert stage.fake.kept == []


async def test_a_wrong_password_holds_everything_and_is_named():
    async with staged(login=(USER, "wrong"), wants_login=True) as stage:
        with pytest.raises(ChatUnavailableError, match="PAPERBOT_SMTP_URL") as failed:
            await stage.chat.post(TEAM, said("a paper"), key=key("1"))

        assert failed.value.whole_workspace
        assert "wrong" not in str(failed.value)
