"""Messages that come back later: only a report that quotes our message stops a digest."""

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.domain.subscription import Standing
from bot.core.catalogue import Catalogues
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import error_text
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.mail.domain import bounce_report
from bot.mail.services.bounces import Outcome, note_report
from bot.platforms.mail.rendering.message import message_id
from tests.mail.test_settled import send
from tests.platforms.mail.stage import NINE, SENDER, TEAM, Stage, staged


def report(
    headers: str, *, action: str = "failed", status: str = "5.1.1", quoted: str = "message/rfc822"
) -> bytes:
    """What Postfix sends back."""
    return (
        "From: MAILER-DAEMON@mx.example.org\r\nTo: papers@example.org\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.org\r\n\r\n"
        "Final-Recipient: rfc822; team@example.org\r\n"
        f"Action: {action}\r\nStatus: {status} (Bad address)\r\nDiagnostic-Code: smtp; no\r\n\r\n"
        f"--b\r\nContent-Type: {quoted}\r\n\r\n{headers}\r\n\r\n--b--\r\n"
    ).encode()


async def sent(stage: Stage) -> EmailMessage:
    """The last message to the address, as the server has it."""
    await send(stage, "one")
    return stage.fake.to(TEAM.id)[-1]


def headers_of(message: EmailMessage) -> str:
    return "\r\n".join(f"{name}: {message[name]}" for name in message if name != "Content-Type")


async def standing(stage: Stage) -> tuple[Standing, str]:
    found = await subscribe.get(stage.db, TEAM)
    return found.standing, found.detail


async def test_a_report_stops_the_digest_of_the_address_whose_message_it_quotes():
    async with staged() as stage:
        headers = headers_of(await sent(stage))
        delayed = report(headers, action="delayed", status="4.4.1")
        spam = report(headers, status="5.7.1")
        outcomes = [
            await note_report(stage.db, each, now=stage.clock()) for each in (delayed, spam)
        ]
        before = await standing(stage)
        for quoted in ("text/rfc822-headers", "message/rfc822"):
            whole = report(headers, quoted=quoted)
            outcomes.append(await note_report(stage.db, whole, now=stage.clock()))

        assert [outcome for outcome, _ in outcomes] == [
            Outcome.NOT_FINAL,
            Outcome.NOT_FINAL,
            Outcome.STOPPED,
            Outcome.BEFORE,
        ]
        assert before[0] is Standing.ACTIVE
        assert await standing(stage) == (Standing.REFUSED, "5.1.1")


async def test_whoever_knows_only_address_and_message_id_changes_nothing():
    async with staged() as stage:
        message = await sent(stage)
        identity = f"Message-ID: {message['Message-ID']}"
        token = f"List-Unsubscribe: {message['List-Unsubscribe']}"
        guessed = token.rpartition("/")[0] + "/guessed>"
        unknown = f"Message-ID: {message_id('d' + '0' * 24, SENDER)}"
        forged = [
            report(identity),
            report(token),
            report(f"{identity}\r\n{guessed}"),
            report(f"{unknown}\r\n{token}"),
            report(f"{identity}\r\n{token}").replace(b"multipart/report", b"multipart/mixed"),
            message.as_bytes(),
            b"",
            b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\n" * 2_000,
            b"".join(
                b"Content-Type: multipart/report; boundary=%d\n\n--%d\n" % (n, n)
                for n in range(500)
            ),
            b"x" * (bounce_report.LARGEST + 1),
        ]
        outcomes = [await note_report(stage.db, each, now=stage.clock()) for each in forged]

        assert outcomes == [(Outcome.UNKNOWN, None)] * len(forged)
        assert (await standing(stage))[0] is Standing.ACTIVE


@settings(max_examples=60)
@given(st.data())
def test_no_message_breaks_the_parser(data: st.DataObject):
    whole = report("Message-ID: <d1@e.org>\r\nList-Unsubscribe: <https://e.org/mail/unsubscribe/t>")
    start = data.draw(st.integers(0, len(whole)))
    put_in = data.draw(st.binary(max_size=30) | st.sampled_from([b"\r\n", b"--b", b"Action: \r\n"]))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))

    found = bounce_report.parse(whole[:start] + put_in + whole[end:])

    assert found is None or found.token
    assert bounce_report.parse(whole) == bounce_report.BounceReport(
        "t", "d1", "5.1.1", is_final=True
    )


@pytest.mark.parametrize("layout", ["papers", "thread"])
async def test_a_layout_of_several_messages_is_refused_with_what_to_choose(layout: str):
    async with staged() as stage:
        words = TypedOptions(at=NINE.at, zone=NINE.zone, layout=layout)
        with pytest.raises(UsageError) as changed:
            await subscribe.change(stage.db, TEAM, TypedOptions(layout=layout), now=stage.clock())
        with pytest.raises(UsageError) as added:
            await subscribe.add(stage.db, TEAM, words, now=stage.clock())

        for refused in (changed.value, added.value):
            for locale in ("en", "ko"):
                text = error_text(refused, Catalogues()(locale))
                assert layout in text
                assert "compact, titles" in text
