"""`/digest settings public:on` on every platform: who may, what the channel is told, what is public."""

from pathlib import Path

import pytest

from bot.channels.domain.digest_options import Layout
from bot.discussion.store import public_replies
from tests.contract.test_layouts import BO, MANAGER, SEED_DAY, Stage, options, seed, staged


async def public(stage: Stage) -> list[tuple[int, str]]:
    async with stage.db.reading() as tx:
        talks = (await public_replies.list_all(tx)).values()
    return [(each.person, each.text) for talk in talks for each in talk.replies]


@pytest.mark.parametrize("platform", ["discord", "discord forum", "slack", "web"])
async def test_managers_make_the_replies_of_a_channel_public_and_the_channel_is_told(
    platform: str, tmp_path: Path
) -> None:
    async with staged(platform, seed(tmp_path), options(Layout.PAPERS, interface="ko")) as stage:
        await stage.post(SEED_DAY)
        root = (await stage.case.roots())[-1]
        before = set(await stage.case.roots())

        refused = await stage.ask("/digest settings public:on")
        wrong = await stage.ask("/digest settings public:yes", MANAGER)
        for _ in range(2):
            await stage.ask("/digest settings public:on", MANAGER)
            await stage.settle()
        await stage.say(root, "A good paper.")
        await stage.say(root, "It is.", BO)
        said = await public(stage)
        shown = await stage.ask("/digest settings public:off", MANAGER)
        await stage.settle()

        told = [each for each in await stage.case.roots() if each not in before]
        notices = [await stage.case.read(each) or "" for each in told]
        assert "Only people who may manage this channel" in refused
        assert "“yes” is neither on nor off: write public:on or public:off" in wrong
        assert said == [(1, "A good paper."), (2, "It is.")]
        assert await public(stage) == []
        assert "website" not in shown
        assert sorted("공개됩니다" in each for each in notices) == [False, True]
        assert sorted("더 이상 공개되지 않습니다" in each for each in notices) == [False, True]
