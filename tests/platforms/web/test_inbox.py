"""The inbox of the web chat: direct messages that one person reads, and nobody else."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import aiohttp
import pytest

from bot.core.domain.document import Button, Buttons, Document, Paragraph, Text
from bot.core.ports import DeliveryKey, MessageRef
from bot.platforms.web.sign_in.rights import MEMBER_FOR
from bot.webchat.services.sessions import SESSION_FOR
from bot.webchat.store import board
from tests.platforms.web.sign_in_stage import SignInStage, signing_in
from tests.platforms.web.stage import Stage, staged
from tests.platforms.web.test_event_stream import GENERAL, changes, events

FOR_ONE = Document(
    (
        Paragraph((Text("For one person"),)),
        Buttons((Button("Reasoning", command="/paper #reasoning"),)),
    ),
    summary="For one person",
)


async def own_id(stage: Stage, client: aiohttp.ClientSession | None = None) -> str:
    """The public id of a visitor, as every page has it."""
    async with (client or stage.client).get(stage.url("/")) as response:
        (found,) = re.findall(r'data-visitor="([0-9a-f]{16})"', await response.text())
    return str(found)


async def told(stage: Stage, key: str = "a") -> MessageRef:
    """A direct message to the visitor."""
    inbox = await stage.chat.direct_channel("", await own_id(stage))
    return await stage.chat.post(inbox, FOR_ONE, key=DeliveryKey(key))


async def page_of(stage: Stage, path: str) -> str:
    async with stage.client.get(stage.url(path)) as response:
        assert response.status == 200
        return await response.text()


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_a_person_reads_their_direct_messages_on_a_page_of_their_own(
    stage: Stage, language: str
):
    message = await told(stage)
    stage.client.headers["Accept-Language"] = language

    page = await page_of(stage, "/inbox")

    assert "For one person" in page
    assert ("다이렉트 메시지" if language == "ko" else "Direct messages") in page
    path = f"/c/{message.channel.id}/t/{message.id}"
    assert "For one person" in await page_of(stage, path)


async def test_an_inbox_without_messages_says_what_comes_there(stage: Stage):
    page = await page_of(stage, "/inbox")

    assert "Only you see what is here." in page
    assert await stage.board.list_channels() == ("general",)


async def test_an_open_page_shows_a_direct_message_at_once_and_others_do_not(stage: Stage):
    known = await stage.board.newest_revision()
    await told(stage)
    await stage.chat.post(GENERAL, FOR_ONE, key=DeliveryKey("b"))

    (mine, all_see) = await changes(stage, 2, after=known)

    assert "For one person" in mine["html"]
    async with aiohttp.ClientSession() as stranger:
        stage.client, own = stranger, stage.client
        (first,) = await changes(stage, 1, after=known)
        stage.client = own
    assert first == all_see
    assert first["channel"] == "general"


async def test_nobody_else_reads_an_inbox_or_writes_to_it(stage: Stage):
    message = await told(stage)
    inbox, number = message.channel.id, int(message.id)
    await stage.board.add(inbox, "Said below", at=stage.clock(), root=number)
    nonce = "nonce-000001"
    gets = [
        f"/c/{inbox}",
        f"/c/{inbox}/t/{number}",
        f"/c/general/t/{number}",
        f"/api/messages?channel={inbox}&before=999",
        f"/api/messages?channel={inbox}&root={number}&before=999",
        f"/api/thread?channel={inbox}&root={number}",
        f"/api/thread?channel=general&root={number}",
        f"/api/complete?channel={inbox}&line=/paper rea",
    ]
    posts: list[tuple[str, dict[str, object]]] = [
        ("/api/say", {"channel": inbox, "text": "hello", "nonce": nonce}),
        ("/api/say", {"channel": inbox, "root": number, "text": "hello", "nonce": nonce}),
        ("/api/say", {"channel": "general", "root": number, "text": "hello", "nonce": nonce}),
        ("/api/press", {"channel": inbox, "line": "/help", "message": number}),
        ("/api/edit", {"message": number, "text": "mine"}),
        ("/api/remove", {"message": number}),
    ]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as stranger:
        assert await own_id(stage, stranger) != await own_id(stage)
        for path in gets:
            async with stranger.get(stage.url(path)) as response:
                assert response.status == 404, path
                assert "For one" not in await response.text()
        for path, body in posts:
            async with stranger.post(stage.url(path), json=body, headers=stage.own) as response:
                assert response.status in {403, 404}, path
        async with stranger.get(stage.url("/inbox")) as response:
            assert "For one person" not in await response.text()

    messages = await stage.board.list_messages(inbox, limit=9, root=number)
    assert [each.content for each in messages] == ["Said below"]


async def test_what_is_typed_in_an_inbox_is_said_to_the_bot(stage: Stage):
    inbox = f"@{await own_id(stage)}"

    async def says(text: str, nonce: str) -> dict[str, Any]:
        body = {"channel": inbox, "text": text, "nonce": nonce}
        status, answer = await stage.post("/api/say", **body)
        assert status == 200
        return cast(dict[str, Any], answer["change"])

    answer = await says("#reasoning", "nonce-000001")
    again = await says("#reasoning", "nonce-000001")
    command = await says("/paper #optimizer", "nonce-000002")

    assert again["id"] == answer["id"]
    assert "#reasoning" in answer["html"]
    assert command["channel"] == inbox
    assert {str(each.channel) for each in stage.inbox.asked} == {f"web:{inbox}"}
    assert [each.options["query"] for each in stage.inbox.asked][-1] == "#optimizer"
    page = await page_of(stage, "/inbox")
    assert page.count("Sample paper number") > 1


async def test_the_talk_of_the_web_chats_channels_is_searched_from_an_inbox(stage: Stage):
    inbox = f"@{await own_id(stage)}"

    for channel in (inbox, "general"):
        body = {
            "channel": channel,
            "text": "/paper in:discussion",
            "nonce": f"nonce-{len(channel):03}",
        }
        await stage.post("/api/say", **body)

    from_inbox, from_general = stage.inbox.asked
    assert from_inbox.also_reads == {"web:general"}
    assert from_general.also_reads == frozenset()


async def test_a_button_of_a_direct_message_works(stage: Stage):
    message = await told(stage)

    status, answer = await stage.post(
        "/api/press",
        channel=message.channel.id,
        line="/paper #reasoning",
        message=int(message.id),
    )

    assert status == 200
    assert "Sample paper" in str(answer["private"])


async def test_forgetting_a_person_empties_their_inbox(stage: Stage):
    message = await told(stage)
    person = await own_id(stage)
    stranger = await stage.chat.direct_channel("", "f" * 16)
    others = await stage.chat.post(stranger, FOR_ONE, key=DeliveryKey("b"))

    async with stage.db.transaction() as tx:
        await board.forget_author(tx, person, stage.clock())

    assert "For one person" not in await page_of(stage, "/inbox")
    kept = await stage.board.find(int(others.id))
    assert kept is not None
    assert not kept.deleted
    # What was posted once is not posted again.
    found = await stage.chat.find(message.channel, DeliveryKey("a"), since=stage.clock())
    assert found == message


async def test_people_take_their_inbox_along_where_they_sign_in():
    async with signing_in() as stage:
        async with stage.web.client.get(stage.web.url("/inbox"), allow_redirects=False) as response:
            as_guest = (response.status, response.headers["Location"])
        await stage.sign_in()
        person = await own_id(stage.web)
        inbox = await stage.web.chat.direct_channel("", person)
        await stage.web.chat.post(inbox, FOR_ONE, key=DeliveryKey("a"))

        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as phone:
            await stage.sign_in(client=phone)
            async with phone.get(stage.web.url("/inbox")) as response:
                on_phone = await response.text()

    assert as_guest == (303, "/sign-in?next=/inbox")
    assert "For one person" in on_phone


async def _signs_out_everywhere(stage: SignInStage) -> None:
    await stage.web.post("/api/sign-out", everywhere=True)


async def _waits_until_the_session_expires(stage: SignInStage) -> None:
    stage.web.clock.at += SESSION_FOR


async def _leaves_the_workspace(stage: SignInStage) -> None:
    stage.rights.members["slack:T1/U1"] = set()
    stage.web.clock.at += MEMBER_FOR


@pytest.mark.parametrize(
    "leaves", [_signs_out_everywhere, _waits_until_the_session_expires, _leaves_the_workspace]
)
async def test_a_page_left_open_shows_no_direct_message_once_its_session_is_over(
    leaves: Callable[[SignInStage], Awaitable[None]],
):
    async with signing_in() as stage:
        phone, jar = stage.web, aiohttp.CookieJar(unsafe=True)
        await stage.sign_in()
        inbox = await phone.chat.direct_channel("", await own_id(phone))
        async with aiohttp.ClientSession(cookie_jar=jar) as client:
            await stage.sign_in(client=client)
            laptop = replace(phone, client=client)
            stream = events(laptop, after=await phone.board.newest_revision())
            assert (await anext(stream))[0] == "hello"
            await phone.chat.post(inbox, FOR_ONE, key=DeliveryKey("a"))
            while_signed_in = await anext(stream)

            await leaves(stage)
            await phone.chat.post(inbox, FOR_ONE, key=DeliveryKey("b"))

            afterwards = await anext(stream)
            await stream.aclose()

    assert "For one person" in while_signed_in[2]
    assert afterwards == ("reload", "", "")


async def test_no_channel_can_be_named_like_an_inbox():
    async with staged() as stage:
        await stage.become_operator()

        status, _ = await stage.post("/api/channel", name="@0123456789abcdef")

        assert status == 422
        assert not await stage.board.has_channel("@0123456789abcdef")
