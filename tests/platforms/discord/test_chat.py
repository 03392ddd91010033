"""A running bot in Discord: it answers in time, reads its threads, and always reconnects."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.domain import document
from bot.core.domain.document import Button, Buttons, Document, Heading, Item, Items, Text
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, Choice, Command, MessageRef, Platform, User
from bot.platforms.discord.inbound.supervisor import ONLY_MENTIONS
from bot.platforms.discord.registration import application_commands
from tests.fakes.discord import components_of, text_of
from tests.fakes.discord.world import BOT_ID, EPHEMERAL, FORUM
from tests.platforms.discord.stage import PAPERS, RunningBot, key, long_paper, now, paper, said


def results(command: Command) -> Document:
    page = int(command.options.get("page", "1"))
    query = command.options.get("query", "")
    return Document(
        (
            Heading((Text(f"{query}, page {page}"),)),
            Items(
                tuple(
                    Item(
                        (Text(f"Paper {n}"),), number=n, button=Button("Read", f"/paper entry:{n}")
                    )
                    for n in (1, 2)
                )
            ),
            Buttons((Button("Older", f"/paper {query} page:{page + 1}"),)),
        ),
        summary="",
    )


# Asking


async def test_a_command_is_answered_publicly_in_one_request(bot: RunningBot):
    asked = await bot.discord.types("paper", {"query": "reasoning"}, by=102)

    answer = await asked.answer()
    assert asked.acked_after is not None
    assert asked.acked_after < 3
    assert not asked.private
    assert text_of(answer) == "answer to {'query': 'reasoning'}"
    (command,) = bot.desk.asked
    assert command.name == "paper"
    assert command.channel == PAPERS
    assert command.locale == "ko"
    assert (command.user.name, command.user.can_manage) == ("하늘", False)
    assert bot.discord.sent("original") == []


async def test_a_private_answer_is_ephemeral(bot: RunningBot):
    asked = await bot.discord.types("digest", {"what": "today"})

    answer = await asked.answer()
    assert asked.private
    assert answer["flags"] & EPHEMERAL
    user = bot.desk.asked[0].user
    assert (user.can_manage, user.manages_only_own) == (True, False)


async def test_a_private_answer_to_a_public_command_is_ephemeral(bot: RunningBot):
    bot.desk.answers = lambda _: document.private(long_paper())

    asked = await bot.discord.types("paper", {"query": "nothing"})

    answer = await asked.answer()
    await asked.until(lambda it: len(it.follow_ups) == 3)
    assert asked.private
    assert all(each["flags"] & EPHEMERAL for each in (answer, *asked.follow_ups))
    assert bot.discord.messages(11) == []


async def test_a_slow_answer_is_acknowledged_in_time_and_stays_private(bot: RunningBot):
    bot.desk.answers = lambda _: document.private(said("Nothing found."))
    bot.desk.ready = asyncio.Event()

    asked = await bot.discord.types("paper", {"query": "slow"})
    await asked.until(lambda it: it.acked_after is not None)
    bot.desk.ready.set()

    await asked.until(lambda it: bool(it.follow_ups))
    assert text_of(asked.follow_ups[0]) == "Nothing found."
    assert asked.follow_ups[0]["flags"] & EPHEMERAL
    assert asked.original is None
    assert bot.discord.messages(11) == []


async def test_slow_answers_are_acknowledged_in_time_and_follow(bot: RunningBot):
    bot.desk.answers = results
    first = await (await bot.discord.types("paper", {"query": "slow"})).answer()
    bot.desk.ready = asyncio.Event()

    typed = await bot.discord.types("paper", {"query": "slower"})
    turned = await bot.discord.presses(first, "Older")
    pressed = await bot.discord.presses(first, "Older", by=102)
    for each in (typed, turned, pressed):
        await each.until(lambda it: it.acked_after is not None)
    bot.desk.ready.set()

    assert "slower, page 1" in text_of(await typed.answer())
    assert not typed.private
    assert turned.updates
    assert "slow, page 2" in text_of(await turned.answer())
    assert pressed.private
    assert "slow, page 2" in text_of(await pressed.answer())


async def test_an_unknown_command_is_answered_with_help(bot: RunningBot):
    asked = await bot.discord.types("papers_of_old", {"x": "y"})

    await asked.answer()
    assert bot.desk.asked[0].name == "help"


async def test_a_long_answer_continues_in_follow_up_messages(bot: RunningBot):
    bot.desk.answers = lambda _: long_paper()

    asked = await bot.discord.types("paper", {"query": "x"})

    await asked.answer()
    await asked.until(lambda it: len(it.follow_ups) == 3)


async def test_suggestions_keep_to_discords_limits_and_come_in_time(bot: RunningBot):
    bot.desk.choices = (
        Choice("L" * 150, "reasoning"),
        Choice("too long to be filled in", "x" * 101),
        *(Choice(f"tag {n}", f"tag{n}") for n in range(30)),
    )

    asked = await bot.discord.completes("paper", "query", "rea", by=102)

    found = await asked.suggestions()
    assert len(found) == 25
    assert found[0] == {"name": "L" * 99 + "…", "value": "reasoning"}
    assert bot.desk.completed == [("query", "rea")]


async def test_a_command_in_a_thread_knows_its_root(bot: RunningBot):
    root = await bot.chat.post(PAPERS, paper(), key=key())

    asked = await bot.discord.types("paper", {"query": "x"}, at=int(root.id))

    await asked.answer()
    assert (bot.desk.asked[0].channel, bot.desk.asked[0].root) == (PAPERS, root)


async def test_a_command_in_direct_messages_is_answered(bot: RunningBot):
    channel = bot.discord.world.direct_channel(bot.discord.person(102))

    asked = await bot.discord.types("paper", {"query": "x"}, by=102, at=channel.id)

    await asked.answer()
    (command,) = bot.desk.asked
    assert (command.user.can_manage, command.user.manages_only_own) == (True, True)


async def test_an_interaction_that_is_delivered_twice_is_carried_out_once(bot: RunningBot):
    asked = await bot.discord.types("digest", {"what": "pause"})
    await bot.discord.gateway.repeat_last("INTERACTION_CREATE")

    await asked.answer()
    await asked.until(lambda it: bool(it.refused))
    assert len(bot.desk.asked) == 1


# Pressing


async def test_buttons_and_menus_from_before_a_restart_work(bot: RunningBot):
    asked = Command(
        "paper", {"query": "강화 학습"}, User("1", "Ada", can_manage=False), PAPERS, "en"
    )
    await bot.chat.post(PAPERS, results(asked), key=key())
    (message,) = bot.discord.messages(11)

    await bot.restart()
    pressed = await bot.discord.presses(message, "Older", by=102)
    await pressed.answer()
    picked = await bot.discord.picks(message, "2. Paper 2", by=102)
    await picked.answer()

    assert pressed.private
    assert picked.private
    assert [dict(command.options) for command in bot.desk.asked] == [
        {"query": "강화 학습", "page": "2"},
        {"query": "entry:2"},
    ]


async def test_paging_through_ones_own_answer_edits_it_in_place(bot: RunningBot):
    bot.desk.answers = results
    first = await (await bot.discord.types("paper", {"query": "rl"})).answer()

    turned = await bot.discord.presses(first, "Older")
    answer = await turned.answer()
    other = await bot.discord.presses(answer, "Older", by=102)
    theirs = await other.answer()

    assert turned.updates
    assert answer["id"] == first["id"]
    assert "page 2" in text_of(answer)
    assert not other.updates
    assert other.private
    assert "page 3" in text_of(theirs)
    assert bot.discord.sent("original") == []


async def test_paging_through_a_very_long_query_works_after_a_restart(bot: RunningBot):
    bot.desk.answers = results
    query = "아주 긴 질문 " * 50
    first = await (await bot.discord.types("paper", {"query": query.strip()})).answer()

    await bot.restart()
    await (await bot.discord.presses(first, "Older")).answer()

    assert bot.desk.asked[-1].options == {"query": query.strip(), "page": "2"}


async def test_a_button_whose_command_line_is_missing_says_so(bot: RunningBot):
    bot.desk.answers = results
    first = await (await bot.discord.types("paper", {"query": "긴 질문 " * 60})).answer()

    answer = await (await bot.discord.presses(first | {"embeds": []}, "Older")).answer()

    assert "too old" in text_of(answer)


async def test_a_button_of_a_removed_command_says_so(bot: RunningBot):
    document = Document((Buttons((Button("Old", "/paint red"),)),), summary="x")
    await bot.chat.post(PAPERS, document, key=key())

    pressed = await bot.discord.presses(bot.discord.messages(11)[0], "Old", by=102)

    assert "paint" in text_of(await pressed.answer())


# Registering commands


async def test_commands_are_registered_once_and_in_two_languages(bot: RunningBot):
    await bot.restart()

    assert len(bot.discord.sent("commands")) == 1
    registered = bot.discord.world.commands[None]
    assert [command["name"] for command in registered] == [
        "paper",
        "digest",
        "follow",
        "unfollow",
        "note",
        "help",
        "Note on this paper",
    ]
    assert registered[0]["description_localizations"]["ko"] != registered[0]["description"]
    assert registered[0]["options"][0]["autocomplete"] is True


async def test_commands_for_some_guilds_replace_those_for_all(bot: RunningBot):
    bot.guilds = (1,)
    await bot.restart()

    assert bot.discord.world.commands[None] == []
    assert len(bot.discord.world.commands[1]) == 7


async def test_a_guild_that_refuses_commands_stops_nothing(idle: RunningBot):
    idle.guilds = (404, 1)
    idle.start()
    await idle.connected()

    assert len(idle.discord.world.commands[1]) == 7


def test_the_registration_is_the_command_table(shared):
    from bot.core.catalogue import Catalogues
    from tests.fakes.discord import limits, spec

    commands = application_commands(Catalogues())

    limits.check_commands(commands)
    assert spec.complaints("PUT", "commands", commands) == []


# Hearing


async def test_messages_edits_and_deletions_in_the_bots_threads_reach_the_inbox(bot: RunningBot):
    root = await bot.chat.post(PAPERS, paper(), key=key())
    thread = int(root.id)

    message = await bot.discord.says(
        f"what about <@{BOT_ID}>?", by=102, at=thread, mentions_bot=True
    )
    await bot.until(lambda: len(bot.desk.heard) == 1)
    await bot.discord.edits(message, "never mind")
    await bot.until(lambda: len(bot.desk.heard) == 2)
    await bot.discord.takes_back(message)
    await bot.until(lambda: bool(bot.desk.taken_back))

    reference = MessageRef(PAPERS, f"{thread}/{message['id']}")
    first, second = bot.desk.heard
    assert (first.root, first.message) == (root, reference)
    assert first.text == "what about @paperbot?"
    assert (first.mentions_bot, first.user.name) == (True, "하늘")
    assert second.text == "never mind"
    assert bot.desk.taken_back == [reference]


async def test_messages_of_bots_and_in_other_places_are_ignored(bot: RunningBot):
    root = await bot.chat.post(PAPERS, paper(), key=key())
    await bot.chat.reply(root, said("our own reply"), key=key(2))
    bot.discord.world.add_person(103, "Other bot", bot=True)
    await bot.discord.says("beep", by=103, at=int(root.id))
    await bot.discord.says("in the channel")
    theirs = await bot.discord.says("somebody's message")
    await bot.discord.opens_thread(theirs, "their thread")
    await bot.discord.says("in their thread", at=int(theirs["id"]))

    await bot.discord.says("the last", at=int(root.id))

    await bot.until(lambda: bool(bot.desk.heard))
    assert [heard.text for heard in bot.desk.heard] == ["the last"]


async def test_a_thread_that_somebody_opens_on_a_message_of_the_bot_counts(bot: RunningBot):
    root = await bot.chat.post(PAPERS, said("a message"), key=key())
    await bot.discord.opens_thread(bot.discord.messages(11)[0], "talk", by=102)

    await bot.discord.says("hello", at=int(root.id))

    await bot.until(lambda: bool(bot.desk.heard))
    assert bot.desk.heard[0].root == root


async def test_a_forum_post_of_the_bot_is_a_thread_of_the_bot(bot: RunningBot):
    bot.discord.world.add_channel(20, "papers", type=FORUM)
    await bot.restart()
    forum = ChannelRef(Platform.DISCORD, "1", "20")
    root = await bot.chat.post(forum, paper(), key=key())

    await bot.discord.says("hello", at=int(root.id.partition("/")[0]))

    await bot.until(lambda: bool(bot.desk.heard))
    assert bot.desk.heard[0].root == root


async def test_a_message_that_is_delivered_twice_is_handled_once(bot: RunningBot):
    root = await bot.chat.post(PAPERS, paper(), key=key())
    await bot.discord.says("once", at=int(root.id))
    await bot.discord.gateway.repeat_last("MESSAGE_CREATE")
    await bot.discord.says("the last", at=int(root.id))

    await bot.until(lambda: any(heard.text == "the last" for heard in bot.desk.heard))
    assert [heard.text for heard in bot.desk.heard] == ["once", "the last"]


async def test_messages_from_while_the_bot_was_away_are_read_in_order(bot: RunningBot):
    root = await bot.chat.post(PAPERS, paper(), key=key())
    await bot.discord.says("before", at=int(root.id))
    await bot.until(lambda: len(bot.desk.heard) == 1)
    await bot.stop()
    for number in range(3):
        await bot.discord.says(f"meanwhile {number}", at=int(root.id))

    bot.start()
    await bot.connected()
    await bot.discord.says("after", at=int(root.id))

    await bot.until(lambda: len(bot.desk.heard) >= 5)
    assert [heard.text for heard in bot.desk.heard] == [
        "before",
        *(f"meanwhile {number}" for number in range(3)),
        "after",
    ]


# Coming back


async def test_a_dropped_connection_is_resumed_and_loses_nothing(bot: RunningBot):
    root = await bot.chat.post(PAPERS, paper(), key=key())
    bot.discord.gateway.drop()
    await bot.discord.says("in the gap", at=int(root.id))

    await bot.until(lambda: bool(bot.desk.heard))
    assert (bot.discord.gateway.identifies, bot.discord.gateway.resumes) == (1, 1)
    assert len(bot.discord.sent("commands")) == 1


@pytest.mark.parametrize(
    "harm",
    ["invalid session", "malformed event", "no json", "closed", "unknown session", "reconnect"],
)
async def test_the_bot_reconnects_by_itself_after_any_failure(bot: RunningBot, harm: str):
    gateway = bot.discord.gateway
    root = await bot.chat.post(PAPERS, paper(), key=key())
    match harm:
        case "invalid session":
            await gateway.invalidate()
        case "malformed event":
            await gateway.send_malformed("MESSAGE_CREATE", {"content": "no id"})
        case "no json":
            await gateway.send_raw("{]")
        case "closed":
            await gateway.close(4000)
        case "unknown session":
            gateway.forget_sessions()
            gateway.drop()
        case "reconnect":
            await gateway.ask_to_reconnect()
    await bot.discord.says("in the gap", at=int(root.id))

    await bot.until(lambda: bool(bot.desk.heard))
    await bot.connected()
    asked = await bot.discord.types("paper", {"query": "x"})
    await asked.answer()
    assert [heard.text for heard in bot.desk.heard] == ["in the gap"]
    assert len(bot.discord.sent("commands")) == 1
    assert len(bot.desk.asked) == 1


async def test_a_command_in_flight_is_answered_after_the_connection_ended(bot: RunningBot):
    started = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(command: Command) -> Document:
        started.set()
        await go_on.wait()
        return said("late but here")

    bot.desk.command = slow  # type: ignore[method-assign]
    asked = await bot.discord.types("paper", {"query": "x"})
    await started.wait()

    await bot.discord.gateway.invalidate()
    await bot.until(lambda: not bot.chat.condition.ok)
    go_on.set()

    assert text_of(await asked.answer()) == "late but here"


async def test_with_the_gateway_down_at_the_start_posting_works_and_the_bot_connects_later(
    idle: RunningBot,
):
    idle.discord.gateway.refusing = True
    idle.start()
    await idle.until(lambda: "not connected" not in idle.chat.condition.detail)
    await idle.chat.post(PAPERS, said("posted all the same"), key=key())
    assert not idle.chat.condition.ok

    idle.discord.gateway.refusing = False
    await idle.connected()

    assert len(idle.discord.messages(11)) == 1
    assert len(idle.discord.sent("commands")) == 1


async def test_with_discord_down_at_the_start_the_bot_connects_later(idle: RunningBot):
    port = idle.discord.port
    await idle.discord.stop()
    idle.start()
    await idle.until(lambda: "cannot be reached" in idle.chat.condition.detail)

    await idle.discord.start(port)

    await idle.connected()


async def test_a_connection_that_never_gets_ready_is_closed(idle: RunningBot):
    idle.patience = replace(idle.patience, ready_within=0.3)
    idle.discord.gateway.is_silent = True
    idle.start()
    await idle.until(lambda: idle.discord.gateway.identifies > 1)

    idle.discord.gateway.is_silent = False

    await idle.connected()


async def test_a_wrong_token_ends_the_bot_with_a_clear_error(idle: RunningBot):
    idle.token = "wrong"
    idle.start()

    with pytest.raises(UsageError, match="DISCORD_TOKEN"):
        await idle.ended()


async def test_a_token_that_is_reset_while_the_bot_runs_ends_it_with_a_clear_error(bot: RunningBot):
    bot.discord.world.token = "another"
    bot.discord.gateway.forget_sessions()
    bot.discord.gateway.drop()

    with pytest.raises(UsageError, match="DISCORD_TOKEN"):
        await bot.ended()


async def test_without_the_content_intent_only_mentions_are_handled_and_the_condition_says_so(
    idle: RunningBot,
):
    idle.discord.world.content_intent = False
    idle.start()
    await idle.connected()
    root = await idle.chat.post(PAPERS, paper(), key=key())

    await idle.discord.says("unheard", at=int(root.id))
    await idle.discord.says("heard", at=int(root.id), mentions_bot=True)

    await idle.until(lambda: bool(idle.desk.heard))
    assert [heard.text for heard in idle.desk.heard] == ["heard"]
    assert idle.chat.condition.detail == ONLY_MENTIONS
    assert idle.chat.condition.ok


async def test_with_a_refused_intent_the_bot_connects_without_it_until_it_is_granted(
    idle: RunningBot,
):
    gateway = idle.discord.gateway
    gateway.refuses_content = True
    idle.start()
    await idle.connected()
    root = await idle.chat.post(PAPERS, paper(), key=key())

    await idle.discord.says("unheard", at=int(root.id))
    await idle.discord.says("heard", at=int(root.id), mentions_bot=True)
    asked = await idle.discord.types("paper", {"query": "rl"})

    await asked.answer()
    await idle.until(lambda: [heard.text for heard in idle.desk.heard] == ["heard"])
    assert gateway.identifies == 2
    assert idle.chat.condition.detail == ONLY_MENTIONS

    gateway.refuses_content = False
    for supervisor in idle.chat._shards._supervisors:
        supervisor._content_refused_until = 0.0  # an hour later
    await idle.until(lambda: idle.chat.condition.detail == "connected")
    await idle.discord.says("heard again", at=int(root.id))
    await idle.until(lambda: "heard again" in [heard.text for heard in idle.desk.heard])


async def test_the_last_identifications_of_a_day_are_kept(idle: RunningBot):
    idle.discord.gateway.identify_limit = 2
    idle.start()
    await idle.until(lambda: "too often" in idle.chat.condition.detail)
    assert idle.discord.gateway.identifies == 0

    idle.discord.gateway.identify_limit = 1000

    await idle.connected()


async def test_a_connection_without_heartbeat_acknowledgements_is_closed(idle: RunningBot):
    idle.patience = replace(idle.patience, heartbeat_timeout=0.3)
    idle.discord.gateway.heartbeat_ms = 100
    idle.start()
    await idle.connected()

    idle.discord.gateway.acknowledges = False
    await idle.until(lambda: idle.discord.gateway.resumes + idle.discord.gateway.identifies > 1)
    idle.discord.gateway.acknowledges = True

    await idle.connected()


async def test_the_condition_of_a_connected_bot_is_ok(bot: RunningBot):
    before = now()

    condition = bot.chat.condition

    assert condition.ok
    assert condition.last_ok_at is not None
    assert condition.last_ok_at >= before
    assert components_of({}) == []
