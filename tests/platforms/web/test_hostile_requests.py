"""Malformed and hostile requests: each gets an answer, none a server error (issue 12)."""

import asyncio
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.web.stage import Stage, staged
from tests.waiting import HANGING

POSTS = ("say", "press", "edit", "remove", "name", "channel", "nowhere")


async def ask(stage: Stage, request: bytes) -> bytes:
    """The whole answer to these bytes."""
    host, _, port = stage.address.removeprefix("http://").rstrip("/").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), timeout=HANGING)
    writer.close()
    return answer


def get(target: bytes, *headers: bytes) -> bytes:
    lines = (b"GET " + target + b" HTTP/1.1", b"Host: localhost", *headers, b"Connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def post(path: str, body: bytes, *headers: bytes, below: str = "/api") -> bytes:
    lines = (
        f"POST {below}/{path} HTTP/1.1".encode(),
        b"Host: localhost",
        b"Sec-Fetch-Site: same-origin",
        *headers,
        f"Content-Length: {len(body)}".encode(),
        b"Connection: close",
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("charset", ["nonsense", "utf-16", "idna", "base64", "zlib", "", "\xff"])
async def test_a_body_in_an_unknown_charset_is_a_bad_request(stage: Stage, path: str, charset: str):
    kind = f"Content-Type: application/json; charset={charset}".encode("latin-1")

    assert 400 <= status(await ask(stage, post(path, b"{}", kind))) < 500


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "us-ascii"])
async def test_utf_8_may_be_named(stage: Stage, charset: str):
    kind = f"Content-Type: application/json; charset={charset}".encode()
    body = json.dumps({"name": "민지"}).encode()

    assert status(await ask(stage, post("name", body, kind))) == 200


@pytest.mark.parametrize(
    "headers",
    [
        (b"Content-Type: application/json", b"Content-Encoding: gzip"),
        (b"Content-Type: application/json", b"Content-Encoding: nonsense"),
        (b"Content-Type: ;;;",),
        (b"Content-Type: application/json; charset",),
        (b"Content-Type: multipart/form-data",),
        (b"Content-Type: application/json", b"Expect: nonsense"),
        (),
    ],
)
async def test_a_body_in_an_unknown_form_is_a_bad_request(stage: Stage, headers: tuple[bytes, ...]):
    assert 400 <= status(await ask(stage, post("name", b"{}", *headers))) < 500


PARTED = b"Content-Type: multipart/form-data; boundary=x"
NAMED = b'Content-Disposition: form-data; name="message"\r\n'


def part(headers: bytes, body: bytes = b"1") -> bytes:
    return b"--x\r\n" + headers + b"\r\n" + body + b"\r\n--x--\r\n"


@pytest.mark.parametrize("path", ["note", "like"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"Content-Type: multipart/form-data", b""),
        (b"Content-Type: multipart/form-data; boundary=" + b"x" * 71, b""),
        (PARTED, b""),
        (PARTED, b"no boundary"),
        (PARTED, part(b"")),
        (PARTED, part(b"no header\r\n")),
        (PARTED, part(NAMED, b"\xff")),
        (PARTED, part(NAMED + b"Content-Type: text/plain; charset=nonsense\r\n")),
        (PARTED, part(NAMED + b"Content-Length: nonsense\r\n")),
        (PARTED, part(NAMED + b"Content-Transfer-Encoding: nonsense\r\n")),
        (PARTED, part(NAMED + b"Content-Transfer-Encoding: base64\r\n", b"!")),
        (PARTED, part(b"Content-Type: multipart/mixed; boundary=y\r\n", b"--y--")),
        (PARTED, part(b"A: 1\r\n" * 1000)),
        (PARTED, part(NAMED)[:-7]),
        (b"Content-Type: application/x-www-form-urlencoded", b"message=\xff"),
        (b"Content-Type: application/x-www-form-urlencoded", b"a&" * 5000),
    ],
)
async def test_a_malformed_form_is_a_bad_request(stage: Stage, path: str, kind: bytes, body: bytes):
    answer = await ask(stage, post(path, body, kind, below=""))

    assert 400 <= status(answer) < 500


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "\\u0000", "\\ufffe", "\\uffff", "\\u0301"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("say", '{"channel": "general", "nonce": "0123456789", "text": "/paper reasoning %s"}'),
        ("say", '{"channel": "general", "nonce": "0123456789", "text": "%s/paper reasoning"}'),
        ("say", '{"channel": "general", "nonce": "0123456789", "text": "/digest %s"}'),
        ("say", '{"channel": "general", "nonce": "0123456789", "text": "/%s"}'),
        ("say", '{"channel": "general", "nonce": "0123456789", "text": "x%s"}'),
        ("say", '{"channel": "%s", "nonce": "0123456789", "text": "x"}'),
        ("say", '{"channel": "general", "nonce": "%s", "text": "x"}'),
        ("say", '{"channel": "general", "nonce": "0123456789", "text": "x", "%s": 1}'),
        ("press", '{"channel": "general", "line": "/paper %s", "shown": "/paper %s"}'),
        ("name", '{"name": "x%s"}'),
        ("channel", '{"name": "x%s"}'),
    ],
)
async def test_half_a_character_gets_an_answer(stage: Stage, path: str, body: str, half: str):
    answer = await ask(
        stage, post(path, body.replace("%s", half).encode(), b"Content-Type: application/json")
    )

    assert status(answer) < 500


@pytest.mark.parametrize(
    "target",
    [
        *(b"/tag/%ED%A0%80", b"/tag/%00", b"/tag/%FF", b"/tag/%EF%BF%BE", b"/c/%ED%A0%80"),
        *(b"/c/general/t/%00", b"/entry/%D9%A1", b"/digest/%00", b"/nowhere/%ED%A0%80%00"),
        *(
            b"/tag/\xff\xfe",
            b"/\xff",
            b"/?lang=%00",
            b"/papers?before=%ED%A0%80",
            b"/tag/x?page=%FF",
        ),
        *(b"/api/complete?channel=general&line=/paper%20%ED%A0%80", b"/api/thread?root=%00"),
        *(b"/api/messages?channel=%FF&before=1", b"/static/%00/%ED%A0%80", b"/?token=%ED%A0%80"),
        *(b"*", b"//", b"/..//x", b"http://evil.example/", b"/%"),
    ],
)
async def test_a_strange_address_gets_an_answer(stage: Stage, target: bytes):
    assert status(await ask(stage, get(target))) < 500


@pytest.mark.parametrize(
    "value", [b"\xff\xfe", b"%ED%A0%80", b"\xed\xa0\x80", b"%00", b"\x01", b"="]
)
async def test_a_strange_header_gets_an_answer(stage: Stage, value: bytes):
    headers = (
        *(b"Cookie: paperbot_name=" + value, b"Cookie: paperbot_visitor=" + value),
        *(b"Cookie: paperbot_operator=" + value, b"Cookie: paperbot_language=" + value),
        *(b"Accept-Language: " + value, b"Last-Event-ID: " + value, b"X-Forwarded-For: " + value),
        *(b"Host: " + value, b"Origin: " + value),
    )
    for header in headers:
        for target in (b"/", b"/nowhere"):
            assert status(await ask(stage, get(target, header))) < 500


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_no_address_and_no_cookie_gives_a_server_error(path: bytes, cookie: bytes):
    forbidden = re.compile(rb"[\x00-\x20\x7f]")
    target = b"/" + forbidden.sub(b"", path)
    header = b"Cookie: paperbot_name=" + forbidden.sub(b"", cookie)

    async def answered() -> bytes:
        async with staged() as stage:
            return await ask(stage, get(target, header))

    assert status(asyncio.run(answered())) < 500


@pytest.mark.parametrize(
    "target",
    [
        *(b"//evil.example/login", b"///evil.example", b"/%2Fevil.example", b"/%5Cevil.example"),
        *(b"/\\evil.example", b"/\\/evil.example/x", b"/%2F%2Fevil.example", b"/.//evil.example"),
        *(b"//evil.example/?x=1", b"/%09/evil.example", b"/%0a/evil.example"),
    ],
)
async def test_the_language_links_of_an_error_stay_on_the_site(stage: Stage, target: bytes):
    page = (await ask(stage, get(target))).decode()

    links = re.findall(r'href="([^"]*lang=\w\w)"', page)
    assert status(page.encode()) in {400, 404}
    assert status(page.encode()) == 400 or len(links) == 2
    for link in links:
        assert re.match(r"/(?![/\\\t\n])", link), link
        assert "\\" not in link


@pytest.mark.parametrize("target", [b"//evil.example/", b"/%2Fevil.example", b"/%5C/evil.example"])
async def test_choosing_a_language_stays_on_the_site(stage: Stage, target: bytes):
    answer = await ask(stage, get(target + b"?lang=ko"))

    location = re.search(rb"Location: (\S+)", answer)
    assert location is not None
    assert re.match(rb"/(?![/\\])", location[1])


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\nxxxx\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        post("say", b"no gzip", b"Content-Type: application/json", b"Content-Encoding: gzip"),
        post("say", b"no brotli", b"Content-Type: application/json", b"Content-Encoding: br"),
    ],
)
async def test_a_bad_request_fills_no_log(
    stage: Stage, request_bytes: bytes, caplog: pytest.LogCaptureFixture
):
    await ask(stage, request_bytes)

    assert [record for record in caplog.records if record.exc_info] == []
