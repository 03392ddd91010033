"""What the site shows of discussions: only what was said in channels that are public (issue 18, item 1)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.archive.domain.entry import Language
from bot.core.database.address import PostgresAddress
from bot.core.domain import command_line
from bot.core.ports import ChannelRef, Command, User
from bot.digest.services import subscribe
from bot.discussion.services import discuss
from tests.site.test_site import content, written
from tests.stage import MORNING
from tests.talk_stage import ADA, BO, DISCORD, SLACK, TalkStage, talking, with_a_paper, words

MANAGER = User("U9", "관리자", can_manage=True)


@pytest.fixture
async def stage(tmp_path: Path, location: Path | PostgresAddress) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING, location) as opened:
        await with_a_paper(opened, SLACK, DISCORD)
        yield opened


async def settings(stage: TalkStage, line: str, channel: ChannelRef = SLACK) -> str:
    """The answer to it; time passes before and after, as it does."""
    stage.clock.turn(minutes=1)
    parsed = command_line.parse_line(f"/digest settings {line}")
    command = Command(parsed.spec.name, parsed.options, MANAGER, channel, "en")
    answer = words(await stage.bot().command(command))
    await stage.settle()
    stage.clock.turn(minutes=1)
    return answer


def told(stage: TalkStage, channel: ChannelRef = SLACK) -> list[str]:
    """What the bot has said to the channel about what is public, in short."""
    said = [each.document.summary for each in stage.chats[channel.platform].posted if not each.root]
    is_public = {"From now on, replies": "on", "Replies in this": "off"}
    return [is_public[start] for each in said for start in is_public if each.startswith(start)]


class Site:
    """The site of the stage's archive, written again and again."""

    def __init__(self, stage: TalkStage, folder: Path) -> None:
        self._db = stage.stage.db
        self._folder = folder

    async def write(self) -> dict[str, str]:
        """The pages."""
        await written(self._db, self._folder, base=None, languages=(Language.EN,))
        pages = content(self._folder).items()
        return {path: made.decode() for path, made in pages if path.endswith(".html")}


async def test_replies_of_a_public_channel_are_shown_from_then_on_and_go_again(
    stage: TalkStage, tmp_path: Path
):
    site, slack, discord = Site(stage, tmp_path / "site"), stage.root(SLACK), stage.root(DISCORD)
    await stage.say(slack, "said before")
    private = await site.write()
    answer = await settings(stage, "public:on")
    again = await settings(stage, "public:on notices:on")
    assert await site.write() == private

    first = await stage.say(slack, "<b>bold</b> @Bo\u00a0Kim & @Bo https://example.org/?a=1&b=2")
    other = await stage.say(slack, "me too", user=BO)
    await stage.say(slack, "@paperbot refs", mentions_bot=True)
    await stage.say(discord, "from elsewhere")
    public = await site.write()

    assert "website shows what is said in these threads since" in answer
    assert "website shows what is said in these threads since" in again
    assert told(stage) == ["on"]
    assert told(stage, DISCORD) == []
    assert "from elsewhere" in stage.copies(slack)
    [entry] = [path for path in public if public[path] != private[path]]
    assert entry.startswith("en/entries/")
    shown = public[entry]
    assert "&lt;b&gt;bold&lt;/b&gt; @… &amp; @… <a" in shown
    assert 'href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer nofollow"' in shown
    assert [f"Participant {number}" in shown for number in (1, 2, 3)] == [True, True, False]
    for hidden in ("said before", "from elsewhere", "refs", "보람", "Bo\u00a0Kim", "U1"):
        assert hidden not in shown
    assert "Ada" not in shown.partition('<h2 id="discussion">')[2]
    assert await site.write() == public

    await stage.edit(other, "me neither")
    edited = (await site.write())[entry]
    assert "me neither" in edited
    assert "· edited" in edited
    await stage.unsay(other)
    assert "me neither" not in (await site.write())[entry]
    await discuss.forget_person(stage.talk, ADA, first.message.channel)
    assert await site.write() == private


async def test_nothing_is_public_after_any_way_of_turning_it_off(stage: TalkStage, tmp_path: Path):
    site, slack = Site(stage, tmp_path / "site"), stage.root(SLACK)
    private = await site.write()

    for end in ("public:off", "discussion:off"):
        await settings(stage, "public:on")
        await stage.say(slack, f"until {end}")
        assert f"until {end}" in "".join((await site.write()).values())
        await settings(stage, end)
        assert await site.write() == private
        refused = await settings(stage, "public:on")
        await settings(stage, "discussion:on")
        assert await site.write() == private
        assert ("are not stored, so they cannot be public" in refused) == (end == "discussion:off")
        await settings(stage, "public:off")
    assert told(stage) == ["on", "off"] * 3

    await settings(stage, "public:on")
    await stage.say(slack, "until removed")
    await subscribe.remove(stage.stage.db, SLACK, now=stage.clock())
    assert await site.write() == private
