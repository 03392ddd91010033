"""The web server over real HTTP: checks, headers, start and stop."""

import asyncio
import json
import socket

import aiohttp
import pytest
from aiohttp import web

from bot.core.domain.errors import UserError
from bot.core.ports import Condition, Health
from tests.databases import throw_away
from tests.platforms.web.stage import NOON, Clock, FakeInbox, Stage, make_chat, staged


async def test_every_answer_has_the_security_headers(stage: Stage):
    for path in ("/", "/nowhere", "/papers", "/healthz", "/api/complete?line=/p&channel=general"):
        async with stage.client.get(stage.url(path)) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert "aiohttp" not in response.headers["Server"]


async def test_pages_have_no_inline_scripts_or_styles(stage: Stage):
    for path in ("/", "/papers", "/entry/1", "/digest/2025-02-04", "/tag/reasoning"):
        async with stage.client.get(stage.url(path)) as response:
            html = await response.text()

        assert response.status == 200
        assert " style=" not in html
        assert "<style" not in html
        assert " onclick" not in html
        assert html.count("<script") == html.count('type="module"') + html.count("application/json")


async def test_an_unknown_host_is_refused(stage: Stage):
    headers = {"Host": "rebound.example"}

    async with stage.client.get(stage.url("/"), headers=headers) as response:
        assert response.status == 421
        assert "PAPERBOT_WEB_NAMES" in await response.text()
        assert "Set-Cookie" not in response.headers

    async with stage.client.get(stage.url("/healthz"), headers=headers) as response:
        assert response.status == 200


async def test_a_configured_host_is_served():
    async with (
        staged(names=("papers.example.org",)) as stage,
        stage.client.get(stage.url("/"), headers={"Host": "papers.example.org"}) as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_only_same_origin_requests_may_write(
    stage: Stage, headers: dict[str, str], status: int
):
    body = {"channel": "general", "text": "hello", "nonce": "0123456789"}

    async with stage.client.post(stage.url("/api/say"), json=body, headers=headers) as response:
        assert response.status == status

    assert len(await stage.board.list_messages("general", limit=9)) == (status == 200)


async def test_an_html_form_is_refused(stage: Stage):
    async with stage.client.post(
        stage.url("/api/say"), data={"channel": "general", "text": "x"}, headers=stage.own
    ) as response:
        assert response.status == 415


async def test_a_large_body_is_refused(stage: Stage):
    async with stage.client.post(
        stage.url("/api/say"),
        data=b'{"text": "' + b"x" * 100_000 + b'"}',
        headers={**stage.own, "Content-Type": "application/json"},
    ) as response:
        assert response.status == 413
        assert "error" in await response.json()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 60_000])
async def test_a_body_that_is_no_json_object_is_refused(stage: Stage, body: bytes):
    for path in ("say", "press", "edit", "remove", "name", "channel"):
        async with stage.client.post(
            stage.url(f"/api/{path}"),
            data=body,
            headers={**stage.own, "Content-Type": "application/json"},
        ) as response:
            assert 400 <= response.status < 500
            assert "error" in await response.json()


async def test_too_many_requests_get_429(stage: Stage):
    statuses = []
    for number in range(40):
        status, _ = await stage.post("/api/name", name=f"n{number}")
        statuses.append(status)

    assert statuses[0] == 200
    assert statuses[-1] == 429


async def test_static_files_are_cached_by_version(stage: Stage):
    async with stage.client.get(stage.url("/")) as response:
        html = await response.text()
    path = html.partition('<script type="module" src="')[2].partition('"')[0]

    async with stage.client.get(stage.url(path)) as response:
        assert response.status == 200
        assert "immutable" in response.headers["Cache-Control"]
        assert response.content_type == "text/javascript"

    for other in ("/static/x/../server.py", "/static/x/%2e%2e%2fserver.py", "/static/x/none.js"):
        async with stage.client.get(stage.url(other)) as response:
            assert response.status == 404


async def test_healthz_has_a_status_and_details(stage: Stage):
    async with stage.client.get(stage.url("/healthz")) as response:
        assert response.status == 200
        assert (await response.json())["platforms"]["web"]["ok"] is True

    ill = Condition("plan", ok=False, detail="the disk is full", last_ok_at=NOON)
    stage.health.append(Health(ok=False, pumps=(ill,), arxiv=Condition("arxiv", ok=True)))

    async with stage.client.get(stage.url("/healthz")) as response:
        told = await response.json()
    assert response.status == 503
    assert told["ok"] is False
    assert told["pumps"]["plan"] == {
        "ok": False,
        "detail": "the disk is full",
        "last_ok_at": NOON.isoformat(),
    }
    assert told["arxiv"]["ok"] is True


async def test_healthz_names_workspaces_to_the_operator_only(stage: Stage):
    broken = Condition("slack:T2", ok=False, detail="revoked")
    whole = Condition("slack", ok=True, detail="1 of 2; slack:T2: revoked", told_to_all="1 of 2")
    workspaces = (Condition("slack:T1", ok=True, last_ok_at=NOON), broken)
    stage.health.append(Health(ok=True, platforms=(whole,), workspaces=workspaces))

    async with stage.client.get(stage.url("/healthz")) as response:
        text = await response.text()
    await stage.become_operator()
    async with stage.client.get(stage.url("/healthz")) as response:
        known = await response.json()

    assert "slack:T" not in text
    told = json.loads(text)
    assert told["platforms"]["slack"]["detail"] == "1 of 2"
    assert told["workspaces"]["slack"] == {
        "ok": False,
        "detail": "1 of 2 are well",
        "last_ok_at": NOON.isoformat(),
    }
    assert known["platforms"]["slack"]["detail"] == "1 of 2; slack:T2: revoked"
    assert known["workspaces"]["slack:T2"]["detail"] == "revoked"


async def test_metrics_are_served_unchanged(stage: Stage):
    async with stage.client.get(stage.url("/metrics")) as response:
        assert await response.text() == "papers 1\n"
        assert response.content_type == "text/plain"


async def test_a_mounted_application_skips_the_checks():
    async def hook(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    slack = web.Application()
    slack.router.add_post("/events", hook)

    async with (
        staged(mounts={"/slack": slack}) as stage,
        stage.client.post(
            stage.url("/slack/events"), data=b"signed", headers={"Host": "bot.example.org"}
        ) as response,
    ):
        assert response.status == 200
        assert await response.text() == "signed"


async def test_a_port_in_use_is_an_error_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with throw_away() as db:
            chat = make_chat(db, Clock(), [Health(ok=True)], port=port)

            with pytest.raises(UserError, match=f"^port {port} is in use: ") as caught:
                await chat.run(FakeInbox())

    assert "\n" not in str(caught.value)


async def test_a_foreign_address_is_an_error_in_one_line():
    async with throw_away() as db:
        chat = make_chat(db, Clock(), [Health(ok=True)], host="203.0.113.1")

        with pytest.raises(UserError, match=r"203\.0\.113\.1"):
            await chat.run(FakeInbox())


async def test_the_server_stops_at_once_with_open_streams():
    async with throw_away() as db, aiohttp.ClientSession() as client:
        chat = make_chat(db, Clock(), [Health(ok=True)])
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(chat.run(FakeInbox()))
            address = await chat.ready()
            async with client.get(f"{address}events?after=0") as stream:
                assert await stream.content.readline()
                running.cancel()
                # Far below what the server would grant a request that is still being answered.
                async with asyncio.timeout(1.4):
                    await stream.content.read()

        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(address)


async def test_the_chat_can_be_run_again():
    async with throw_away() as db, aiohttp.ClientSession() as client:
        chat = make_chat(db, Clock(), [Health(ok=True)])
        for _ in range(2):
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(chat.run(FakeInbox()))
                async with client.get(await chat.ready()) as response:
                    assert response.status == 200
                running.cancel()


async def test_a_chosen_language_is_remembered(stage: Stage):
    async with stage.client.get(stage.url("/"), headers={"Accept-Language": "ko-KR"}) as response:
        assert '<html lang="ko">' in await response.text()

    async with stage.client.get(stage.url("/papers?lang=ko&before=2025-02-04")) as response:
        assert response.url.path_qs == "/papers?before=2025-02-04"
        assert '<html lang="ko">' in await response.text()

    async with stage.client.get(stage.url("/")) as response:
        assert '<html lang="ko">' in await response.text()


async def test_the_redirect_after_choosing_a_language_stays_on_the_site(stage: Stage):
    async with stage.client.get(
        stage.address + "/evil.example/?lang=ko", allow_redirects=False
    ) as response:
        assert response.status == 303
        assert response.headers["Location"].startswith("/")
        assert not response.headers["Location"].startswith("//")


async def test_the_visitors_secret_is_not_in_the_page(stage: Stage):
    async with stage.client.get(stage.url("/")) as response:
        cookie = response.headers["Set-Cookie"]
        html = await response.text()

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert cookie.partition("=")[2].partition(";")[0] not in html
