"""The HTML pages."""

from datetime import timedelta

import pytest

from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.platforms.web.addresses import message_address, message_ref
from bot.webchat.domain.board import Author
from bot.webchat.store import board
from tests.platforms.web.stage import Stage

GENERAL = ChannelRef(Platform.WEB, "", "general")


def said(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text, opens_thread=True)


async def page(stage: Stage, path: str, language: str = "en") -> tuple[int, str]:
    headers = {"Accept-Language": language}
    async with stage.client.get(stage.url(path), headers=headers) as response:
        return response.status, await response.text()


async def test_the_front_page_is_the_general_channel(stage: Stage):
    await stage.chat.post(GENERAL, said("the digest"), key=DeliveryKey("a"))

    status, html = await page(stage, "/")

    assert status == 200
    assert "the digest" in html
    assert 'data-channel="general"' in html


async def test_an_empty_channel_says_what_will_come(stage: Stage):
    _, html = await page(stage, "/")

    assert "No messages yet" in html


async def test_a_thread_has_an_address_of_its_own(stage: Stage):
    root = await stage.chat.post(GENERAL, said("a paper"), key=DeliveryKey("a"))
    await stage.board.add(
        "general", "good one", at=stage.clock(), root=int(root.id), author=Author("x", "민지")
    )

    status, html = await page(stage, f"/c/general/t/{root.id}")

    assert status == 200
    assert "good one" in html
    assert "has-thread" in html


async def test_the_address_of_a_reply_leads_into_its_thread(stage: Stage):
    root = await stage.chat.post(GENERAL, said("a paper"), key=DeliveryKey("a"))
    reply = await stage.board.add(
        "general", "good one", at=stage.clock(), root=int(root.id), author=Author("x", "민지")
    )
    path = message_address(message_ref("general", reply.id))

    async with stage.client.get(stage.url(path)) as response:
        html = await response.text()

    [redirect] = response.history
    assert redirect.headers["Location"] == f"/c/general/t/{root.id}#m{reply.id}"
    assert f'id="m{reply.id}"' in html


async def test_a_channel_of_any_name_has_an_address(stage: Stage):
    await stage.board.add_channel("독서-모임", at=stage.clock())
    root = await stage.board.add("독서-모임", "look", at=stage.clock(), author=Author("x", "민지"))

    status, html = await page(stage, message_address(message_ref("독서-모임", root.id)))

    assert status == 200
    assert "look" in html


async def test_a_forgotten_author_has_no_name(stage: Stage):
    root = await stage.board.add("general", "look", at=stage.clock(), author=Author("x", "민지"))
    await stage.board.add(
        "general", "yes", at=stage.clock(), author=Author("y", "보람"), root=root.id
    )
    async with stage.db.transaction() as tx:
        await board.forget_author(tx, "x", stage.clock())

    status, html = await page(stage, "/")

    assert status == 200
    assert "민지" not in html
    assert "This message was deleted." in html


async def test_a_stranger_reads_only_what_was_said_in_the_web_chat(stage: Stage):
    _, strangers = await page(stage, "/entry/1")
    await stage.become_operator()
    _, operators = await page(stage, "/entry/1")

    assert "Said elsewhere" in operators
    assert "Said elsewhere" not in strangers
    assert "Said here" in strangers


async def test_an_entry_says_which_papers_people_linked(stage: Stage):
    _, html = await page(stage, "/entry/1")

    assert "Also mentioned in the discussion" in html
    assert "Also on waiting" in html
    assert '<a href="/c/general/t/7">Web</a>' in html


async def test_older_messages_come_page_by_page(stage: Stage):
    for number in range(50):
        await stage.chat.post(GENERAL, said(f"message {number:02}"), key=DeliveryKey(f"k{number}"))
    _, html = await page(stage, "/")
    first = min(m.id for m in await stage.board.list_messages("general", limit=40))

    async with stage.client.get(
        stage.url("/api/messages"), params={"channel": "general", "before": first}
    ) as response:
        older = await response.json()

    assert "message 10" in html
    assert "message 09" not in html
    assert "Show older messages" in html
    assert "message 09" in older["html"]
    assert "message 00" in older["html"]
    assert older["more"] is False


async def test_an_entry_is_shown_with_all_that_belongs_to_it(stage: Stage):
    status, html = await page(stage, "/entry/1")

    assert status == 200
    for expected in (
        "Sample paper number 1 on patient machines",
        "김예시",
        "보상 모델 없이도",
        "builds on patience",
        "We wait and see.",
        "On waiting",
        "A paper that cites it",
        'href="https://arxiv.org/abs/2502.00001"',
        'href="/tag/reasoning"',
        'href="/digest/2025-02-04"',
    ):
        assert expected in html


async def test_the_readers_language_comes_first(stage: Stage):
    _, english = await page(stage, "/entry/1", "en")
    _, korean = await page(stage, "/entry/1", "ko")

    assert english.index("builds on patience") < english.index("보상 모델 없이도")
    assert korean.index("builds on patience") > korean.index("보상 모델 없이도")


async def test_a_day_shows_its_papers_and_the_days_beside_it(stage: Stage):
    status, html = await page(stage, "/digest/2025-02-03")

    assert status == 200
    assert html.count("<article") == 4
    assert "/digest/2025-02-02" in html
    assert "/digest/2025-02-04" in html


async def test_a_day_without_papers_says_so(stage: Stage):
    status, html = await page(stage, "/digest/1999-01-01")

    assert status == 200
    assert "There is nothing for this day." in html


async def test_a_tag_lists_its_papers(stage: Stage):
    status, html = await page(stage, "/tag/reasoning")

    assert status == 200
    assert html.count("<article") == 15


async def test_the_archive_lists_days_and_tags(stage: Stage):
    status, html = await page(stage, "/papers")

    assert status == 200
    assert "Tuesday, 4 February 2025" in html
    assert "#optimizer" in html


@pytest.mark.parametrize(
    "path",
    [
        *("/entry/999", "/entry/x", "/entry/" + "9" * 30, "/digest/2025-02-30", "/digest/x"),
        *("/c/nowhere", "/c/general/t/999", "/c/general/t/x", "/nothing/at/all"),
    ],
)
async def test_what_is_not_there_is_not_found_in_words(stage: Stage, path: str):
    status, html = await page(stage, path)

    assert status == 404
    assert "Back to the chat" in html


@pytest.mark.parametrize("tag", ["%3Cscript%3E", "%00", "..%2F..", "%E2%80%AEx", "%ED%A0%80"])
async def test_a_hostile_tag_is_only_text(stage: Stage, tag: str):
    status, html = await page(stage, f"/tag/{tag}")

    assert status == 200
    assert "<script>" not in html


async def test_hostile_names_and_texts_stay_in_their_place(stage: Stage):
    await stage.board.add(
        "general",
        "</article><script>alert(1)</script>",
        at=stage.clock() + timedelta(hours=1),
        author=Author('"><img src=x>', "<b>\u202eMallory"),
    )

    _, html = await page(stage, "/")

    assert "<script>alert" not in html
    assert "<img" not in html
    assert "<bdi>&lt;b&gt;\u202eMallory</bdi>" in html


async def test_the_page_is_korean_for_a_korean_reader(stage: Stage):
    _, html = await page(stage, "/", "ko")

    assert "채널" in html
    assert "메시지" in html
