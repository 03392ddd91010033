"""Missing permissions are found, and named."""

import re
from dataclasses import replace

import pytest

from bot.core.catalogue import Catalogues
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, ChatRefusedError, Platform
from bot.platforms.discord.access import Access
from bot.platforms.discord.doctor import check, check_once
from bot.platforms.discord.permissions import PERMISSIONS, invite_link, missing
from tests.fakes.discord import TOKEN, Fault
from tests.fakes.discord import world as rights
from tests.platforms.discord.stage import PAPERS, Stage

EVERY = {
    rights.VIEW: "View Channel",
    rights.SEND: "Send Messages",
    rights.EMBED_LINKS: "Embed Links",
    rights.READ_HISTORY: "Read Message History",
    rights.CREATE_THREADS: "Create Public Threads",
    rights.SEND_IN_THREADS: "Send Messages in Threads",
}


ASKED = {**EVERY, rights.ATTACH_FILES: "Attach Files"}
"""With one that it does without: charts are bars of text then."""


def access(stage: Stage, token: str = TOKEN) -> Access:
    return Access(token, stage.discord.api_base, stage.discord.gateway_url)


def test_the_link_asks_for_what_is_checked_and_for_files():
    asked = int(re.findall(r"permissions=(\d+)", invite_link(7))[0])

    assert asked == PERMISSIONS.value == sum(ASKED)
    assert "client_id=7" in invite_link(7)
    assert missing(PERMISSIONS, in_forum=False) == ()


@pytest.mark.parametrize("page", ["discord.md", "discord.ko.md"])
def test_the_pages_name_exactly_these_permissions(root, page):
    text = (root / "docs" / page).read_text(encoding="utf-8")

    rows = re.findall(r"^\| ([A-Z][A-Za-z ]+) \| [^|]+ \|$", text, re.MULTILINE)
    assert sorted(rows) == sorted(ASKED.values())


@pytest.mark.parametrize("permission", [bit for bit in EVERY if bit != rights.VIEW])
async def test_a_missing_permission_is_named(stage: Stage, permission: int):
    stage.discord.world.forbid(11, permission)

    with pytest.raises(ChatRefusedError, match=EVERY[permission]):
        await check_once(access(stage), PAPERS)


async def test_a_channel_is_kept_with_its_guild(stage: Stage):
    assert await check_once(access(stage), ChannelRef(Platform.DISCORD, "", "11")) == PAPERS


async def test_what_is_no_channel_is_refused(stage: Stage):
    for place in ("404", "papers", "1" * 30):
        with pytest.raises(ChatRefusedError, match="no such channel"):
            await check_once(access(stage), ChannelRef(Platform.DISCORD, "", place))


async def test_a_channel_that_the_bot_cannot_see_is_refused_with_what_to_do(stage: Stage):
    stage.discord.world.forbid(11, rights.VIEW)

    with pytest.raises(ChatRefusedError, match="View Channel"):
        await check_once(access(stage), PAPERS)


async def test_the_doctor_finds_nothing_where_all_is_well(stage: Stage):
    findings = await check(access(stage), [PAPERS], say=ENGLISH)

    assert [finding for finding in findings if not finding.ok] == []
    assert "Reading group" in [finding.words for finding in findings]


async def test_the_doctor_counts_the_servers_beyond_twenty(stage: Stage):
    for number in range(2, 452):
        stage.discord.world.add_guild(number, f"Group {number}")

    findings = await check(access(stage), [], say=ENGLISH)

    (servers,) = [each.words for each in findings if each.subject == "Discord: servers"]
    assert servers.startswith("Reading group, Group 2, ")
    assert servers.endswith("Group 20; further servers: 431")


async def test_the_doctor_says_why_nobody_may_write_notes(stage: Stage):
    async def is_told(*, guilds: tuple[int, ...] = (), names_curators: bool = False) -> bool:
        asked = replace(access(stage), guilds=guilds)
        findings = await check(asked, [], say=ENGLISH, names_curators=names_curators)
        (found,) = [each for each in findings if each.subject == "Discord: servers"]
        assert found.ok
        return "PAPERBOT_CURATORS" in found.words

    alone = await is_told()
    stage.discord.world.add_guild(2, "Another group")
    among_others = await is_told()
    with_its_servers = await is_told(guilds=(1, 2))
    with_curators = await is_told(names_curators=True)
    stage.discord.world.bot_public = False
    added_by_the_operator = await is_told()

    assert among_others
    assert [alone, with_its_servers, with_curators, added_by_the_operator] == [False] * 4


async def test_the_doctor_says_each_thing_that_is_wrong_in_the_operators_language(stage: Stage):
    stage.discord.world.content_intent = False
    stage.discord.world.guilds[1].has_bot = False

    findings = await check(access(stage), [PAPERS], say=Catalogues()("ko"))

    wrong = {finding.subject: finding.words for finding in findings if not finding.ok}
    assert list(wrong) == ["Discord: Message Content Intent", "Discord: 서버", str(PAPERS)]
    assert all(re.search("[가-힣]", words) for words in wrong.values())


async def test_the_doctor_knows_a_wrong_token_and_a_wrong_address(stage: Stage):
    (token,) = await check(access(stage, "wrong"), [PAPERS], say=ENGLISH)
    stage.discord.fail(Fault(status=503, times=99))
    (address,) = await check(access(stage), [PAPERS], say=ENGLISH)

    assert (token.subject, token.ok) == ("DISCORD_TOKEN", False)
    assert (address.subject, address.ok) == ("DISCORD_API_BASE", False)
