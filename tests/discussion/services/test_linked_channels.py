"""Linking channels, and what a channel wants of discussions, as people ask for it."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.domain.entry import EntryId
from bot.channels.store import linked_channels
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.instants import from_text, to_text
from bot.core.domain import command_line
from bot.core.domain.document import Document
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import (
    ChannelRef,
    ChatUnavailableError,
    ChatUncertainError,
    Command,
    MessageRef,
    Platform,
    User,
)
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services import linked_channels as linking
from bot.discussion.store import replies
from tests.stage import MORNING
from tests.talk_stage import ADA, DISCORD, SLACK, WEB, TalkStage, talking, with_a_paper, words

MANAGER = User("U9", "관리자", can_manage=True)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        yield opened


@pytest.fixture
def bot(stage: TalkStage) -> Bot:
    return stage.bot()


async def ask(bot: Bot, line: str, channel: ChannelRef, user: User = MANAGER) -> Document:
    parsed = command_line.parse_line(line)
    return await bot.command(Command(parsed.spec.name, parsed.options, user, channel, "en"))


async def code_of(bot: Bot, channel: ChannelRef) -> str:
    answer = words(await ask(bot, "/digest link", channel))
    found = re.search(r"/digest link (\w+)", answer)
    assert found is not None, answer
    return found[1]


async def shared(stage: TalkStage, channel: ChannelRef) -> set[str]:
    async with stage.stage.db.reading() as tx:
        return set(await linked_channels.list_group(tx, str(channel)))


async def test_a_code_of_one_channel_entered_in_another_links_them(bot, stage):
    code = await code_of(bot, SLACK)

    answer = words(await ask(bot, f"/digest link {code.lower()}", DISCORD))

    assert answer.startswith(f"Linked with {SLACK}")
    assert await shared(stage, SLACK) == await shared(stage, DISCORD) == {str(SLACK), str(DISCORD)}


async def test_a_third_channel_joins_the_group(bot, stage):
    await ask(bot, f"/digest link {await code_of(bot, SLACK)}", DISCORD)

    await ask(bot, f"/digest link {await code_of(bot, DISCORD)}", WEB)

    assert await shared(stage, SLACK) == {str(SLACK), str(DISCORD), str(WEB)}


async def test_a_channel_that_joins_hides_nothing_of_what_the_others_shared(stage):
    first, later = stage.clock(), stage.clock() + timedelta(days=1)
    fourth = ChannelRef(Platform.SLACK, "T1", "C4")
    async with stage.stage.db.transaction() as tx:
        await linked_channels.join(tx, str(SLACK), str(DISCORD), first)
        await linked_channels.join(tx, str(WEB), str(SLACK), later)
        await linked_channels.join(tx, str(DISCORD), str(fourth), later)
        readable = await linked_channels.readable_from(tx, str(SLACK))
        of_the_third = await linked_channels.readable_from(tx, str(WEB))

    shared = {channel: since and from_text(since) for channel, since in readable.items()}
    assert shared == {str(SLACK): "", str(DISCORD): first, str(WEB): later, str(fourth): later}
    assert of_the_third[str(SLACK)] == of_the_third[str(DISCORD)] == to_text(later)


async def test_only_managers_link_channels(bot, stage):
    code = await code_of(bot, SLACK)

    made = words(await ask(bot, "/digest link", SLACK, ADA))
    entered = words(await ask(bot, f"/digest link {code}", DISCORD, ADA))

    assert made.startswith("Only people who may manage this channel can do that")
    assert entered.startswith("Only people who may manage this channel can do that")
    assert await shared(stage, DISCORD) == set()


async def test_whose_rights_cannot_be_told_for_now_is_asked_to_try_again(bot):
    unsure = replace(ADA, is_unsure=True)

    told = words(await ask(bot, "/digest link", SLACK, unsure))
    naming = words(await ask(bot, "/digest managers <@U7>", SLACK, unsure))

    assert told == naming
    assert "try again in a moment" in told


async def test_a_code_is_valid_once_and_for_fifteen_minutes(bot, stage):
    used, old = await code_of(bot, SLACK), await code_of(bot, WEB)
    await ask(bot, f"/digest link {used}", DISCORD)
    again = words(await ask(bot, f"/digest link {used}", WEB))
    stage.clock.turn(minutes=16)

    late = words(await ask(bot, f"/digest link {old}", DISCORD))

    assert again.startswith("This code is unknown or too old")
    assert late.startswith("This code is unknown or too old")


async def test_a_code_is_refused_in_its_own_channel(bot):
    code = await code_of(bot, SLACK)

    answer = words(await ask(bot, f"/digest link {code}", SLACK))

    assert answer.startswith("This code was made in this channel")


async def test_only_the_hash_of_a_code_is_stored(bot, stage):
    code = await code_of(bot, SLACK)

    async with stage.stage.db.reading() as tx:
        rows = await tx.all("SELECT hash FROM link_code")

    assert len(rows) == 1
    assert code not in rows[0]["hash"]


def told(stage: TalkStage, channel: ChannelRef) -> list[str]:
    """What the bot said in a channel itself, to everybody."""
    posted = stage.chats[channel.platform].posted
    return [words(each.document) for each in posted if each.channel == channel and not each.root]


async def test_both_channels_get_one_notice_of_the_link(bot, stage):
    code = await code_of(bot, SLACK)

    await ask(bot, f"/digest link {code}", WEB)
    for _ in range(2):
        await ask(bot, f"/digest link {code}", WEB)
        await stage.settle()

    [in_slack], [in_web] = told(stage, SLACK), told(stage, WEB)
    assert "between this channel and #general in the web chat" in in_slack
    assert "between this channel and a channel in Slack" in in_web
    assert str(SLACK) not in in_web


async def test_linked_channels_are_told_about_the_third_only(bot, stage):
    await ask(bot, f"/digest link {await code_of(bot, SLACK)}", DISCORD)
    await stage.settle()

    await ask(bot, f"/digest link {await code_of(bot, DISCORD)}", WEB)
    await stage.settle()

    assert "and #general in the web chat." in told(stage, SLACK)[1]
    assert "and #general in the web chat." in told(stage, DISCORD)[1]
    assert "and a channel in Discord, a channel in Slack." in told(stage, WEB)[0]
    assert [len(told(stage, each)) for each in (SLACK, DISCORD, WEB)] == [2, 2, 1]


async def test_notices_to_a_channel_are_in_the_languages_of_its_digest(stage):
    await subscribe.add(
        stage.stage.db,
        SLACK,
        TypedOptions(at="09:00", zone="Asia/Seoul", languages="ko,en"),
        now=stage.clock(),
    )
    talk = replace(stage.talk, voices=Catalogues())
    code = (await linking.make_code(talk, DISCORD, ENGLISH)).summary.split()[-1]

    await linking.enter_code(talk, SLACK, code, ENGLISH)
    await stage.settle()

    [notice] = told(stage, SLACK)
    korean, english_words = notice.splitlines()
    assert "Discord" in korean
    assert not korean.isascii()
    assert english_words.startswith("From now on")


async def test_unlinking_is_announced_in_all_channels_of_the_group(bot, stage):
    for channel in (DISCORD, WEB):
        await stage.link(SLACK, channel)

    await ask(bot, "/digest unlink", DISCORD)
    await stage.settle()

    assert ["no longer shared" in text for text in told(stage, SLACK)] == [True]
    assert "a channel in Discord" in told(stage, WEB)[0]
    assert "a channel in Slack, #general in the web chat" in told(stage, DISCORD)[0]


async def test_a_channel_with_discussion_off_gets_no_notice_of_links(bot, stage):
    await ask(bot, "/digest settings discussion:off", SLACK)

    await ask(bot, f"/digest link {await code_of(bot, SLACK)}", DISCORD)
    await stage.settle()

    assert told(stage, SLACK) == told(stage, DISCORD) == []


async def test_linking_says_who_can_read_the_replies(bot, stage):
    in_the_web = words(await ask(bot, f"/digest link {await code_of(bot, SLACK)}", WEB))
    code = await code_of(bot, ChannelRef(SLACK.platform, "T1", "C2"))
    elsewhere = words(await ask(bot, f"/digest link {code}", DISCORD))

    assert "to everybody who can open the page" in in_the_web
    assert "to the operator, and to people of this channel" in elsewhere


async def test_subscribing_says_what_happens_to_replies(bot):
    papers = words(await ask(bot, "/digest here at:09:00", SLACK))
    compact = words(await ask(bot, "/digest settings layout:compact", SLACK))

    assert "are stored" in papers
    assert "to the operator, and to people of this channel" in papers
    assert "discussion:off" in papers
    assert "when somebody presses “Discuss”" in compact


async def test_a_thread_that_discuss_opened_is_shared_and_the_days_thread_is_not(bot, stage):
    in_thread = TypedOptions(at="09:00", zone="Asia/Seoul", languages="en", layout="thread")
    await subscribe.add(stage.stage.db, DISCORD, in_thread, now=stage.clock())
    await with_a_paper(stage, SLACK)
    await stage.link(SLACK, DISCORD)
    [day] = [each for each in stage.chats[DISCORD.platform].posted if each.root is None]

    await stage.say(stage.root(SLACK), "Said before")
    await stage.say(MessageRef(DISCORD, day.id), "About the day")
    await ask(bot, "/digest discuss entry:1", DISCORD, ADA)
    await stage.settle()
    paper = stage.root(DISCORD, "Ada would like to discuss this paper. Paper")
    await stage.say(paper, "Said here")

    assert stage.copies(paper) == ["Said before"]
    assert stage.copies(stage.root(SLACK)) == ["Said here"]


async def test_an_unlinked_channel_shares_no_new_replies(bot, stage):
    await with_a_paper(stage, SLACK, DISCORD, WEB)

    await ask(bot, "/digest unlink", DISCORD)
    await stage.say(stage.root(SLACK), "Among the rest")

    assert stage.copies(stage.root(DISCORD)) == []
    assert stage.copies(stage.root(WEB)) == ["Among the rest"]


async def test_after_unlinking_two_channels_neither_is_linked(bot, stage):
    await stage.link(SLACK, DISCORD)

    await ask(bot, "/digest unlink", DISCORD)

    assert await shared(stage, SLACK) == set()


async def test_settings_turn_discussions_off_and_on(bot, stage):
    await with_a_paper(stage, SLACK, DISCORD)

    off = words(await ask(bot, "/digest settings discussion:off", SLACK))
    await stage.say(stage.root(SLACK), "Unheard")
    on = words(await ask(bot, "/digest settings discussion:on", SLACK))
    await stage.say(stage.root(SLACK), "Heard")

    assert "neither stored nor shared" in off
    assert f"shared with {DISCORD}" in on
    assert stage.copies(stage.root(DISCORD)) == ["Heard"]


async def test_a_setting_that_is_neither_on_nor_off_is_refused(bot):
    answer = words(await ask(bot, "/digest settings notices:maybe", SLACK))

    assert answer == "“maybe” is neither on nor off: write notices:on or notices:off"


async def test_forget_me_forgets_the_askers_replies(bot, stage):
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.say(stage.root(SLACK), "Please forget")

    asked = words(await ask(bot, "/paper forget-me", SLACK, ADA))
    other = words(await ask(bot, "/paper forget-me", DISCORD, ADA))
    before = stage.copies(stage.root(DISCORD))
    answer = words(await ask(bot, "/paper forget-me confirm", SLACK, ADA))
    await stage.settle()

    assert "1 reply of yours, 1 copy in a linked channel. It cannot be undone." in asked
    assert other == "Nothing that you wrote is stored."
    assert before == ["Please forget"]
    assert answer == "1 reply is deleted."
    assert stage.copies(stage.root(DISCORD)) == []


LEAVING = ("/digest unlink", "/digest settings discussion:off")


@pytest.mark.parametrize("line", LEAVING)
@pytest.mark.parametrize("leaves", [SLACK, DISCORD], ids=["its origin", "where it goes"])
async def test_waiting_copies_are_not_posted_after_unlinking(bot, stage, line, leaves):
    await with_a_paper(stage, SLACK, DISCORD, WEB)
    discord = stage.chats[DISCORD.platform]
    discord.errors = [ChatUnavailableError("down")]
    await stage.say(stage.root(SLACK), "too late")

    await ask(bot, line, leaves)
    stage.clock.turn(hours=1)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == []
    assert stage.copies(stage.root(WEB)) == ["too late"]


@pytest.mark.parametrize("line", LEAVING)
async def test_a_waiting_copy_between_other_channels_is_still_posted(bot, stage, line):
    await with_a_paper(stage, SLACK, DISCORD, WEB)
    stage.chats[DISCORD.platform].errors = [ChatUnavailableError("down")]
    await stage.say(stage.root(SLACK), "between us")

    await ask(bot, line, WEB)
    stage.clock.turn(hours=1)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["between us"]


@pytest.mark.parametrize("line", LEAVING)
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_lost_copy_is_not_sent_again_after_unlinking(bot, stage, line, arrived):
    await with_a_paper(stage, SLACK, DISCORD)
    discord = stage.chats[DISCORD.platform]
    (discord.late_errors if arrived else discord.errors).append(ChatUncertainError("reset"))
    await stage.say(stage.root(SLACK), "on its way")

    await ask(bot, line, DISCORD)
    stage.clock.turn(hours=1)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == (["on its way"] if arrived else [])


@pytest.mark.parametrize("line", LEAVING)
@pytest.mark.parametrize("leaves", [SLACK, DISCORD], ids=["its origin", "where it went"])
async def test_after_unlinking_edits_are_not_copied_and_deletions_are(bot, stage, line, leaves):
    await with_a_paper(stage, SLACK, DISCORD, WEB)
    said = await stage.say(stage.root(SLACK), "befor")

    await ask(bot, line, leaves)
    await stage.edit(said, "before")
    edited = stage.copies(stage.root(DISCORD)), stage.copies(stage.root(WEB))
    await stage.unsay(said)

    assert edited == (["befor"], ["before" if leaves is DISCORD else "befor"])
    assert stage.copies(stage.root(DISCORD)) == stage.copies(stage.root(WEB)) == []


async def test_edits_are_copied_again_after_discussion_on(bot, stage):
    await with_a_paper(stage, SLACK, DISCORD)
    stage.chats[DISCORD.platform].late_errors = [ChatUncertainError("reset")]
    said = await stage.say(stage.root(SLACK), "befor")
    await ask(bot, "/digest settings discussion:off", DISCORD)
    stage.clock.turn(hours=1)
    await stage.settle()

    await ask(bot, "/digest settings discussion:on", DISCORD)
    await stage.edit(said, "before")

    assert stage.copies(stage.root(DISCORD)) == ["before"]


async def test_stored_replies_can_be_edited_after_discussion_off(bot, stage):
    await with_a_paper(stage, SLACK)
    said = await stage.say(stage.root(SLACK), "the password is swordfish")

    await ask(bot, "/digest settings discussion:off", SLACK)
    await stage.edit(said, "the password is a secret")
    await stage.say(stage.root(SLACK), "unheard")

    async with stage.stage.db.reading() as tx:
        kept = await replies.list_of(tx, EntryId(1))
        found = await tx.all("SELECT 1 FROM reply_search WHERE text LIKE '%swordfish%'")
    assert [reply.text for reply in kept] == ["the password is a secret"]
    assert found == []
