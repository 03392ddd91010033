"""The assistants of signed-in people ask over HTTP, through the SDK's own client."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from playwright.async_api import Route

from bot.archive.domain.entry import EntryId
from bot.archive.services.export import entry_json
from bot.core.database.database import Database
from bot.core.ports import (
    ChannelRef,
    FoundToken,
    Identity,
    MessageRef,
    Platform,
    User,
    parse_channel,
)
from bot.discussion.services.forgetting import forget_author
from bot.discussion.store import replies
from bot.lookup.services.lookup import look_up
from bot.platforms.web.sign_in.ways import AssistantAccess
from bot.platforms.web.visitors.proxies import SECRET_HEADER, ProxySignIn
from bot.webchat.services.tokens import MOST, DatabaseAssistantTokens
from tests.archive_stage import NOW, an_entry, keep
from tests.assistants.asking import call
from tests.browser import browsing, visiting
from tests.platforms.web.sign_in_stage import SignInStage, access, signing_in
from tests.platforms.web.stage import Stage, staged

mcp = pytest.importorskip("mcp", reason="the extra “mcp” is not installed")
http = pytest.importorskip("mcp.client.streamable_http", reason="the extra “mcp” is not installed")
httpx2 = pytest.importorskip("httpx2", reason="the extra “mcp” is not installed")

_ASKED = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
_HEADERS = {"Accept": "application/json, text/event-stream"}


PROXY = {"X-Forwarded-User": "ada@example.org", SECRET_HEADER: "s" * 32}


@asynccontextmanager
async def asking(stage: Stage, token: str) -> AsyncIterator[Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as web:
        transport = http.streamable_http_client(stage.url("/mcp"), http_client=web)
        async with mcp.Client(transport) as client:
            yield client


async def posted(stage: SignInStage, **headers: str) -> tuple[int, str, Any]:
    """The status of a request, what it says of signing in, and its JSON."""
    return await posted_to(stage.web, **headers)


async def posted_to(stage: Stage, **headers: str) -> tuple[int, str, Any]:
    async with stage.client.post(
        stage.url("/mcp"), json=_ASKED, headers=_HEADERS | headers
    ) as response:
        said = await response.json() if response.content_type == "application/json" else None
        return response.status, response.headers.get("WWW-Authenticate", ""), said


async def made(stage: SignInStage, label: str = "Claude") -> str:
    status, answer = await stage.web.post("/api/token", label=label)
    assert status == 200, answer
    return str(answer["token"])


async def discussed(db: Database) -> int:
    (number,) = await keep(db, an_entry("A patient machine"))
    message = MessageRef(parse_channel("slack:T1/C1"), "1")
    async with db.transaction() as tx:
        await replies.add(
            tx,
            replies.Draft(message, message, EntryId(number), "U1", "Ada", "A clever secret", NOW),
            NOW,
        )
    return number


async def test_an_assistant_looks_up_what_its_owner_may_read_and_no_discussion():
    async with signing_in() as stage:
        number = await discussed(stage.web.db)
        await stage.sign_in()
        async with asking(stage.web, await made(stage)) as client:
            tools = {each.name for each in (await client.list_tools()).tools}
            found = await call(client, "lookup", query="patient")
            one = await call(client, "entry", ref=f"entry:{number}")
            hidden = await call(client, "lookup", query="in:discussion clever")
        whole = await look_up(stage.web.db, "patient")

        assert tools == {"lookup", "entry", "related", "digest", "tags"}
        assert found["entries"] == [entry_json(each) for each in whole.entries]
        assert one["title"] == "A patient machine"
        assert "discussion" not in one
        assert "secret" not in json.dumps(one)
        assert hidden["entries"] == []


async def test_only_a_good_token_is_answered():
    async with signing_in() as stage:
        await stage.sign_in()
        token = await made(stage)
        bearer = f"Bearer {token}"

        assert (await posted(stage))[:2] == (401, 'Bearer realm="paperbot"')
        wrong = (401, 'Bearer realm="paperbot", error="invalid_token"')
        for given in ("Bearer", "Bearer ", f"Basic {token}", f"{bearer}x", "Bearer \xe9"):
            assert (await posted(stage, Authorization=given))[:2] == wrong, given
        assert (await posted(stage, Authorization=bearer))[0] == 200
        own = stage.web.own["Origin"]
        assert (await posted(stage, Authorization=bearer, Origin=own))[0] == 200
        evil = "http://evil.example"
        assert (await posted(stage, Authorization=bearer, Origin=evil))[0] == 403
        assert (await posted(stage, Authorization=bearer, Host="evil.example"))[0] == 403
        async with stage.web.client.get(
            stage.web.url("/mcp"), headers={"Authorization": bearer}
        ) as response:
            assert (response.status, response.headers["Allow"]) == (405, "POST")

        stage.rights.members = {}
        stage.web.clock.at += timedelta(hours=1)
        assert (await posted(stage, Authorization=bearer))[:2] == wrong
        assert await DatabaseAssistantTokens(stage.web.db).list_of("slack:T1/U1") == ()


async def test_a_token_of_a_server_that_was_left_revokes_no_newer_one():
    async with signing_in() as stage:
        tokens, now = DatabaseAssistantTokens(stage.web.db), stage.web.clock()
        old, new = [
            await tokens.make(Identity(Platform.DISCORD, (guild,), "101", "Ada"), "Claude", at=now)
            for guild in ("2", "1")
        ]

        left = await posted(stage, Authorization=f"Bearer {old}")
        stays = await posted(stage, Authorization=f"Bearer {new}")

        assert (left[0], stays[0]) == (401, 200)
        assert len(await tokens.list_of("discord:101")) == 1


@dataclass
class CountedTokens:
    """The tokens of a database; how often one was looked up."""

    tokens: DatabaseAssistantTokens
    finds: int = 0

    async def find(self, secret: str, *, at: datetime) -> FoundToken | None:
        self.finds += 1
        return await self.tokens.find(secret, at=at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokens, name)


async def test_a_request_beyond_the_limit_looks_up_no_token():
    counted: list[CountedTokens] = []

    def counting(db: Database, clock: Callable[[], datetime]) -> AssistantAccess | None:
        real = access(db, clock)
        assert real is not None
        counted.append(CountedTokens(DatabaseAssistantTokens(db)))
        return replace(real, tokens=counted[0])

    async with staged(
        assistants=counting,
        proxy_sign_in=ProxySignIn("X-Forwarded-User", "s" * 32),
        proxies=(ip_network("127.0.0.1"),),
    ) as stage:

        async def guess() -> int:
            headers = {"Authorization": "Bearer paperbot_x"}
            async with stage.client.get(stage.url("/mcp"), headers=headers) as response:
                return response.status

        statuses = await asyncio.gather(*(guess() for _ in range(900)))

    assert set(statuses) == {401, 429}
    # A wrong token counts for the address, too, which may be beyond its limit just then.
    answered, refused = statuses.count(401), statuses.count(429)
    assert answered <= counted[0].finds < answered + refused / 10


async def test_a_token_is_kept_as_a_hash_and_each_person_sees_and_revokes_their_own():
    async with signing_in() as stage:
        await stage.sign_in()
        mine = await made(stage)
        tokens = DatabaseAssistantTokens(stage.web.db)
        other = Identity(Platform.SLACK, ("T1",), "U2", "Bo")
        theirs = await tokens.make(other, "theirs", at=stage.web.clock())
        for _ in range(MOST - 1):
            await made(stage)
        assert (await stage.web.post("/api/token", label="one more"))[0] == 422
        assert (await stage.web.post("/api/token", label=" "))[0] == 422

        async with stage.web.db.reading() as tx:
            rows = [list(row) for row in await tx.all("SELECT * FROM assistant_token")]
        assert mine not in str(rows)
        (their_number,) = [each.number for each in await tokens.list_of(other.person)]
        await stage.web.post("/api/token/revoke", number=their_number)
        my_number = (await tokens.list_of("slack:T1/U1"))[0].number
        await stage.web.post("/api/token/revoke", number=my_number)

        assert (await posted(stage, Authorization=f"Bearer {theirs}"))[0] == 200
        assert (await posted(stage, Authorization=f"Bearer {mine}"))[0] == 401
        await stage.web.post("/api/sign-out")
        assert (await stage.web.post("/api/token", label="nobody's"))[0] in {403, 404}


async def test_a_database_that_cannot_be_written_is_not_the_fault_of_who_asks_for_a_token():
    async with signing_in() as stage:
        await stage.sign_in()
        await stage.web.db.write(lambda statements: statements.all("PRAGMA query_only = ON"))

        status, answer = await stage.web.post("/api/token", label="Claude")

    assert status == 503
    assert "The bot cannot reach its database right now." in str(answer)


async def test_forget_me_removes_the_tokens():
    async with signing_in() as stage:
        await stage.sign_in()
        token = await made(stage)
        async with stage.web.db.transaction() as tx:
            await forget_author(
                tx, User("U1", "Ada", can_manage=False), ChannelRef(Platform.SLACK, "T1", "C1"), NOW
            )

        assert (await posted(stage, Authorization=f"Bearer {token}"))[0] == 401


async def test_people_who_sign_in_through_a_proxy_have_tokens_that_end():
    async with staged(
        proxy_sign_in=ProxySignIn("X-Forwarded-User", "s" * 32),
        proxies=(ip_network("127.0.0.1"),),
        assistants=access,
    ) as stage:

        async def page(**headers: str) -> tuple[int, str]:
            async with stage.client.get(stage.url("/sign-in"), headers=headers) as response:
                return response.status, await response.text()

        async def post(path: str, headers: Mapping[str, str], **body: object) -> tuple[int, Any]:
            async with stage.client.post(
                stage.url(path), json=body, headers={**stage.own, **headers}
            ) as response:
                return response.status, await response.json()

        await keep(stage.db, an_entry("A patient machine"))
        bo = PROXY | {"X-Forwarded-User": "bo@example.org"}
        assert (await page())[0] == 404
        assert (await post("/api/token", {}, label="nobody's"))[0] in {403, 404}
        forged = PROXY | {SECRET_HEADER: "x" * 32}
        assert (await post("/api/token", forged, label="forged"))[0] in {403, 404}
        status, answer = await post("/api/token", PROXY, label="Claude")
        assert status == 200
        bearer = {"Authorization": f"Bearer {answer['token']}"}

        async with asking(stage, answer["token"]) as client:
            found = await call(client, "lookup", query="patient")
        _, shown = await page(**PROXY)
        (token,) = await DatabaseAssistantTokens(stage.db).list_of(await person_of(stage.db))
        await post("/api/token/revoke", bo, number=token.number)
        kept = await posted_to(stage, **bearer)
        stage.clock.at += timedelta(days=90)
        ended = await posted_to(stage, **bearer)
        stage.clock.at -= timedelta(days=1)
        still = await posted_to(stage, **bearer)
        await post("/api/token/revoke", PROXY, number=token.number)
        revoked = await posted_to(stage, **bearer)
        proxied_only = await posted_to(stage, **PROXY)

    assert [each["title"] for each in found["entries"]] == ["A patient machine"]
    for text in ("ada@example.org", "Claude", f"{stage.url('/mcp')}", "valid until 2025-05-05"):
        assert text in shown, text
    assert "Sign out" not in shown
    assert [each[0] for each in (kept, ended, still, revoked)] == [200, 401, 200, 401]
    assert proxied_only[0] == 401  # the token alone counts


async def person_of(db: Database) -> str:
    async with db.reading() as tx:
        row = await tx.one("SELECT person FROM assistant_token")
    assert row is not None
    return str(row["person"])


async def test_a_token_of_a_proxy_s_user_ends_with_the_proxy():
    async with signing_in() as stage:
        ada = Identity(Platform.WEB, ("",), "0123456789abcdef", "ada@example.org")
        token = await DatabaseAssistantTokens(stage.web.db).make(ada, "old", at=stage.web.clock())

        assert (await posted(stage, Authorization=f"Bearer {token}"))[0] == 401


async def test_without_people_who_sign_in_there_is_no_such_page():
    async with staged(assistants=access) as stage:
        for ask in (stage.client.post, stage.client.get):
            async with ask(stage.url("/mcp"), headers=_HEADERS) as response:
                assert response.status == 404


@pytest.mark.browser
async def test_a_token_is_made_and_revoked_on_the_page_of_the_account(chromium: str):
    async with (
        signing_in() as stage,
        browsing(chromium) as browser,
        visiting(browser, stage.web.url("/sign-in/slack?next=/sign-in")) as page,
    ):
        await page.get_by_label("What the token is for").fill("Claude <at home>")
        await page.get_by_role("button", name="Make a token").click()
        shown = page.locator("[data-made] code")
        await shown.wait_for()
        token = str(await shown.text_content())
        assert (await posted(stage, Authorization=f"Bearer {token}"))[0] == 200
        await page.reload()
        await page.get_by_text("last used 2025-02-04").wait_for()
        await page.get_by_role("button", name="Revoke Claude <at home>").click()
        await page.get_by_role("button", name="Revoke Claude <at home>").wait_for(state="detached")
        assert (await posted(stage, Authorization=f"Bearer {token}"))[0] == 401


@pytest.mark.browser
async def test_a_double_click_makes_one_token(chromium: str):
    async with (
        signing_in() as stage,
        browsing(chromium) as browser,
        visiting(browser, stage.web.url("/sign-in/slack?next=/sign-in")) as page,
    ):
        is_released = asyncio.Event()
        asked: list[str] = []

        async def hold(route: Route) -> None:
            asked.append(route.request.url)
            await is_released.wait()
            await route.continue_()

        await page.route("**/api/token", hold)
        await page.get_by_label("What the token is for").fill("Claude")
        await page.get_by_role("button", name="Make a token").dblclick()
        is_released.set()
        await page.locator("[data-made] code").wait_for()
        await page.reload()

        await page.get_by_role("button", name="Revoke Claude").wait_for()
        assert len(asked) == 1
