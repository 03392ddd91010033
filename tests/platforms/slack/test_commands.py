"""Commands, mentions and talk in threads, through the real SDK, in both modes."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.core.domain import document
from bot.core.domain.document import Document
from bot.core.domain.errors import StorageBusyError
from bot.core.ports import Command, MessageRef
from tests.fakes.slack import FakeSlack, Fault, signed
from tests.fakes.slack.wire import SentRequest
from tests.fakes.slack.world import BOT_USER, Channel, Json
from tests.platforms.slack.stage import (
    CHANNEL,
    KEY,
    KEY_2,
    Clock,
    RecordingInbox,
    Remembered,
    Stage,
    make_chat,
    paragraph,
    running,
    staged,
)
from tests.waiting import until


async def test_a_command_is_acknowledged_and_answered_in_the_channel(stage: Stage):
    asked = await stage.slack.command("/paper reasoning", user="U2")

    answer = await stage.slack.until(lambda: asked.answers)
    assert asked.acknowledged
    assert asked.response == {}
    assert answer[0]["response_type"] == "in_channel"
    assert answer[0]["text"].startswith("/paper reasoning: page 1")
    (command,) = stage.inbox.commands
    assert (command.name, dict(command.options)) == ("paper", {"query": "reasoning"})
    assert (command.channel, command.root) == (CHANNEL, None)
    assert (command.user.id, command.user.name, command.locale) == ("U2", "하늘", "ko-KR")


async def test_a_private_command_is_answered_to_its_asker_alone(stage: Stage):
    asked = await stage.slack.command("/digest today")

    answer = await stage.slack.until(lambda: asked.answers)
    assert answer[0]["response_type"] == "ephemeral"
    assert stage.slack.messages() == []


async def test_an_unknown_command_is_answered_in_the_askers_language(stage: Stage):
    asked = await stage.slack.command("/nonsense x", user="U2")

    answer = await stage.slack.until(lambda: asked.answers)
    assert answer[0]["response_type"] == "ephemeral"
    assert "/nonsense" in answer[0]["text"]
    assert "없습니다" in answer[0]["text"]
    assert stage.inbox.commands == []


async def test_a_command_works_where_the_bot_is_no_member(stage: Stage):
    stage.slack.world.add_channel("C2", "elsewhere", joined=False)

    asked = await stage.slack.command("/paper rl", channel="C2")

    await stage.slack.until(lambda: asked.answers)
    assert stage.inbox.commands[0].channel.id == "C2"


async def test_escaped_characters_are_unescaped(stage: Stage):
    await stage.slack.command("/paper a &lt;b&gt; &amp; c")

    assert (await stage.asked())[0].options["query"] == "a <b> & c"


async def test_what_slack_escapes_in_a_digest_command_is_read_as_typed(socket_stage: Stage):
    socket_stage.slack.world.add_channel("C7", "rl")

    for text in (
        "managers <@U2|haneul>",
        "settings tags:<#C1|moe>,-<#C7|> a &lt;b&gt; <https://arxiv.org/abs/2502.01456>",
        "settings tags:<#C404|>",
    ):
        await socket_stage.slack.command(f"/digest {text}")

    people, tags, private = await socket_stage.asked(3)
    assert dict(people.options) == {"what": "managers <@U2>"}
    assert dict(people.mentioned) == {"U2": "하늘"}
    assert dict(tags.options) == {
        "what": "settings tags:#moe,-#rl a <b> https://arxiv.org/abs/2502.01456"
    }
    assert dict(private.options)["tags"] == "#"


async def test_admins_and_creators_may_manage_a_channel(stage: Stage):
    stage.slack.world.add_channel("C3", "made-by-2", creator="U2")
    stage.slack.world.add_person("U3", "Grace")

    for user, channel in (("U1", "C3"), ("U2", "C3"), ("U2", "C1"), ("U3", "C3")):
        await stage.slack.command("/digest status", user=user, channel=channel)

    asked = await stage.asked(4)
    found = {(c.user.id, c.channel.id): c.user.can_manage for c in asked}
    assert found == {
        ("U1", "C3"): True,
        ("U2", "C3"): True,
        ("U2", "C1"): False,
        ("U3", "C3"): False,
    }


async def test_a_person_who_cannot_be_looked_up_is_answered(stage: Stage):
    stage.slack.faults.append(Fault("users.info", error="internal_error", times=9))

    asked = await stage.slack.command("/paper rl")

    await stage.slack.until(lambda: asked.answers)
    assert stage.inbox.commands[0].user.name == "Ada"


@pytest.mark.parametrize("method", ["conversations.info", "users.info"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("", status=429, retry_after=1, times=9),
        Fault("", drop=True, times=9),
        Fault("", error="internal_error", times=9),
    ],
)
async def test_rights_that_slack_cannot_tell_are_asked_again(
    stage: Stage, fault: Fault, method: str
):
    user = "U2" if method == "conversations.info" else "U1"  # a creator, and an admin
    stage.slack.world.add_channel("C3", "made-by-2", creator="U2")
    stage.slack.faults.append(replace(fault, method=method))
    await stage.slack.command("/digest status", user=user, channel="C3")
    await stage.asked()
    stage.slack.faults.clear()
    stage.clock.ahead += timedelta(seconds=5)
    await stage.slack.command("/digest status", user=user, channel="C3")

    first, second = await stage.asked(2)
    assert (first.user.can_manage, first.user.is_unsure) == (False, True)
    assert (second.user.can_manage, second.user.is_unsure) == (True, False)


async def test_a_channel_that_slack_cannot_tell_of_is_not_asked_for_again_at_once(stage: Stage):
    stage.slack.world.add_channel("C3", "made-by-2", creator="U2")
    stage.slack.faults.append(Fault("conversations.info", error="internal_error", times=9))
    for number in range(1, 4):
        await stage.slack.command("/digest status", user="U2", channel="C3")
        await stage.asked(number)

    assert len(stage.slack.calls_of("conversations.info")) == 1


async def test_a_channel_that_the_bot_may_not_see_leaves_no_doubt(stage: Stage):
    stage.slack.world.add_channel("C3", "secret", private=True, joined=False)

    await stage.slack.command("/digest status", user="U2", channel="C3")

    (command,) = await stage.asked()
    assert (command.user.can_manage, command.user.is_unsure) == (False, False)


async def test_a_mention_is_answered_in_the_thread(stage: Stage):
    message = await stage.slack.say(f"<@{BOT_USER}> reasoning")

    await stage.slack.until(lambda: stage.slack.replies(message["ts"]))
    (answer,) = stage.slack.replies(message["ts"])
    assert answer["text"].startswith("/paper reasoning: page 1")
    assert stage.inbox.commands[0].root is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<@UBOT> reasoning", ("paper", {"query": "reasoning"})),
        ("<@UBOT>: digest today", ("digest", {"what": "today"})),
        ("<@UBOT> /paper rl page:2", ("paper", {"query": "rl", "page": "2"})),
        ("tell me, <@UBOT> 보상 모델", ("paper", {"query": "보상 모델"})),
        ("rl please <@UBOT>", ("paper", {"query": "rl please"})),
        ("<@UBOT>", ("help", {})),
        (
            "<@UBOT> <https://arxiv.org/abs/2502.01456>",
            ("paper", {"query": "https://arxiv.org/abs/2502.01456"}),
        ),
    ],
)
async def test_a_mention_is_parsed_like_a_command(socket_stage: Stage, text, line):
    await socket_stage.slack.say(text)

    (command,) = await socket_stage.asked()
    assert (command.name, dict(command.options)) == line


async def test_a_mention_in_a_thread_of_the_bot_is_a_message_and_no_command(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.slack.say(f"<@{BOT_USER}> reasoning", thread=root.id)

    (heard,) = await stage.heard()
    assert heard.root == root
    assert heard.text == "@paperbot reasoning"
    assert heard.mentions_bot
    assert stage.inbox.commands == []


async def test_a_mention_in_somebody_elses_thread_is_answered_there(stage: Stage):
    root = await stage.slack.say("Who knows a paper about that?")
    await stage.slack.say(f"<@{BOT_USER}> reasoning", thread=root["ts"])

    await stage.slack.until(lambda: len(stage.slack.replies(root["ts"])) == 2)
    assert stage.inbox.commands[0].root == MessageRef(CHANNEL, root["ts"])
    assert stage.slack.replies(root["ts"])[1]["text"].startswith("/paper reasoning")


async def test_a_private_answer_to_a_mention_is_seen_by_the_asker_alone(stage: Stage):
    await stage.slack.say(f"<@{BOT_USER}> digest today", user="U1")

    await stage.slack.until(lambda: stage.slack.world.ephemerals)
    assert stage.slack.world.ephemerals[0].user == "U1"
    assert stage.slack.messages() == []


async def test_a_direct_message_needs_no_mention(stage: Stage):
    direct = stage.slack.world.direct_channel("U2")
    await stage.slack.say("reasoning", user="U2", channel=direct.id)

    await stage.slack.until(lambda: stage.slack.messages(direct.id))
    (answer,) = stage.slack.messages(direct.id)
    assert "thread_ts" not in answer
    user = stage.inbox.commands[0].user
    assert (user.can_manage, user.manages_only_own) == (True, True)


def answered(asked: SentRequest) -> list[Json]:
    return asked.answers


def with_the_bot(stage: Stage, user: str) -> Channel:
    """Somebody's direct messages with the bot, under an id as Slack gives them."""
    direct = Channel("D0BOTHANEUL", "directmessage", direct=user, members={user, BOT_USER})
    stage.slack.world.channels[direct.id] = direct
    return direct


async def test_slash_commands_in_direct_messages_of_two_people_stay_private(stage: Stage):
    stage.slack.world.add_channel("D0ADAHANEUL", "directmessage", private=True, joined=False)
    stage.inbox.answer = lambda _: document.private(paragraph("For Haneul alone"))

    answers = []
    for line in ("/paper mine", "/nonsense x", "/follow list"):
        asked = await stage.slack.command(line, user="U2", channel="D0ADAHANEUL")
        await stage.slack.until(partial(answered, asked))
        answers += asked.answers
    stage.inbox.answer = None
    public = await stage.slack.command("/paper reasoning", user="U2", channel="D0ADAHANEUL")
    (shown,) = await stage.slack.until(lambda: public.answers)

    assert [each["response_type"] for each in answers] == ["ephemeral"] * 3
    assert shown["response_type"] == "in_channel"
    assert [each.user.can_manage for each in stage.inbox.commands] == [False] * 3


async def test_who_types_in_their_direct_messages_with_the_bot_manages_these(stage: Stage):
    direct = with_the_bot(stage, "U2")

    asked = await stage.slack.command("/digest status", user="U2", channel=direct.id)

    (answer,) = await stage.slack.until(lambda: asked.answers)
    (command,) = stage.inbox.commands
    assert answer["response_type"] == "ephemeral"
    assert (command.user.can_manage, command.user.manages_only_own) == (True, True)


async def test_a_private_answer_to_a_line_in_direct_messages_is_posted_there(stage: Stage):
    direct = with_the_bot(stage, "U2")
    stage.inbox.answer = lambda _: document.private(paragraph("For Haneul alone"))

    await stage.slack.say("/follow list", user="U2", channel=direct.id)

    (answer,) = await stage.slack.until(lambda: stage.slack.messages(direct.id))
    assert answer["text"] == "For Haneul alone"
    assert stage.inbox.commands[0].user.manages_only_own


async def test_an_admin_manages_more_than_their_own_direct_messages(stage: Stage):
    direct = stage.slack.world.direct_channel("U1")
    await stage.slack.say("reasoning", user="U1", channel=direct.id)

    (command,) = await stage.asked()
    assert (command.user.can_manage, command.user.manages_only_own) == (True, False)


async def test_a_message_in_a_thread_of_the_bot_reaches_the_inbox(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    said = await stage.slack.say(
        "See <https://arxiv.org/abs/1706.03762|arxiv.org> &amp; <@U1>, <!here>",
        user="U2",
        thread=root.id,
    )

    (heard,) = await stage.heard()
    assert heard.root == root
    assert heard.message == MessageRef(CHANNEL, said["ts"])
    assert heard.user.name == "하늘"
    assert heard.text == "See arxiv.org (https://arxiv.org/abs/1706.03762) & @Ada, @here"
    assert not heard.mentions_bot


@pytest.mark.parametrize(
    "fault",
    [
        Fault("users.info", status=429, retry_after=1, times=2),
        Fault("users.info", drop=True, times=2),
    ],
)
async def test_who_says_something_is_looked_up_again_until_slack_tells(stage: Stage, fault: Fault):
    stage.slack.world.add_person("U8", "Grace").team = "T2"
    stage.slack.world.add_person("U9", "Edsger")
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    stage.slack.faults.append(fault)

    await stage.slack.say("As <@U9> says", user="U8", thread=root.id)
    await stage.heard()
    stage.slack.faults.append(replace(fault, times=1))
    await stage.slack.react(stage.slack.messages()[0], user="U1")
    await until(lambda: stage.inbox.reactions)

    (heard,) = stage.inbox.heard
    assert (heard.user.name, heard.user.workspace, heard.text) == ("Grace", "T2", "As @Edsger says")
    assert stage.inbox.reactions[0].user.name == "Ada"


async def test_what_somebody_says_whom_slack_does_not_know_is_heard(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    stage.slack.world.scopes.discard("users:read")

    await stage.slack.say("As <@U9> says", user="U2", thread=root.id)

    (heard,) = await stage.heard()
    assert (heard.user.id, heard.user.name, heard.text) == ("U2", "U2", "As @U9 says")


async def test_a_message_full_of_names_costs_few_look_ups(socket_stage: Stage):
    stage = socket_stage
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    people = " ".join(f"<@U{number}>" for number in range(100, 200))
    channels = " ".join(f"<#C{number}>" for number in range(100, 200))

    await stage.slack.say(f"{people} {channels}", thread=root.id)

    (heard,) = await stage.heard()
    assert "@U199" in heard.text
    assert len(stage.slack.calls_of("users.info")) <= 21
    assert len(stage.slack.calls_of("conversations.info")) <= 21


async def test_an_edit_repeats_the_message_and_a_deletion_takes_it_back(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    said = await stage.slack.say("first", thread=root.id)
    await stage.heard()
    await stage.slack.edit(said, "second")
    first, second = await stage.heard(2)
    await stage.slack.take_back(said)
    await until(lambda: stage.inbox.forgotten)

    assert (first.text, second.text) == ("first", "second")
    assert first.message == second.message == stage.inbox.forgotten[0]


async def test_messages_in_other_threads_are_ignored(socket_stage: Stage):
    stage = socket_stage
    theirs = await stage.slack.say("a thread of people")
    await stage.slack.say("a reply to it", thread=theirs["ts"])
    ours = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.chat.reply(ours, paragraph("our own reply"), key=KEY_2)
    await stage.slack.say("ours", thread=ours.id)

    (heard,) = await stage.heard()
    assert heard.text == "ours"
    assert stage.inbox.commands == []


async def test_requests_without_a_listener_are_acknowledged(stage: Stage):
    asked = [
        await stage.slack.event({"type": "team_join", "user": {"id": "U9"}}),
        await stage.slack.event({"type": "message", "subtype": "channel_topic", "channel": "C1"}),
        await stage.slack.event({"type": "message"}),
        await stage.slack.press(None, {"type": "button", "action_id": "x", "url": "https://a.b"}),
        await stage.slack.press(
            None, {"type": "button", "action_id": "y", "value": {"not": "text"}}
        ),
    ]

    assert all(one.acknowledged for one in asked)
    assert stage.inbox.commands == []


async def test_an_unknown_interaction_is_acknowledged(stage: Stage):
    for kind in ("shortcut", "view_submission", "view_closed"):
        asked = await stage.slack.press(
            None,
            {"action_id": "z"},
            type=kind,
            callback_id="c",
            view={"type": "modal", "callback_id": "c"},
        )
        assert asked.acknowledged, kind


async def test_an_app_rate_limited_callback_is_acknowledged():
    told = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1}
    async with staged() as stage:
        acknowledged, _ = await stage.slack.sockets.push("events_api", dict(told), {}, seconds=3)
        assert acknowledged
    async with staged(http=True) as stage:
        body = json.dumps(told).encode()
        headers = {"Content-Type": "application/json"} | signed(body)
        assert (await stage.slack.post_raw(body, headers))[0] == 200


async def test_an_answer_waits_where_slack_asks_to_wait(socket_stage: Stage):
    slack = socket_stage.slack
    limit = Fault("chat.postMessage", error="ratelimited", status=429, retry_after=1, times=2)
    slack.faults.append(limit)

    message = await slack.say(f"<@{BOT_USER}> reasoning")

    await slack.until(lambda: slack.replies(message["ts"]))
    assert len(slack.calls_of("chat.postMessage")) == 3


async def test_a_redelivered_event_has_no_second_effect(stage: Stage):
    await stage.slack.say(f"<@{BOT_USER}> reasoning")
    await stage.asked()
    asked = next(one for one in stage.slack.asked if one.payload["event"]["type"] == "app_mention")

    again = await stage.slack.redeliver(asked)
    await stage.slack.say(f"<@{BOT_USER}> another")

    assert again.acknowledged
    await stage.asked(2)
    assert [c.options["query"] for c in stage.inbox.commands] == ["reasoning", "another"]


async def test_a_redelivered_command_has_no_second_effect(socket_stage: Stage):
    asked = await socket_stage.slack.command("/paper reasoning")
    await socket_stage.asked()

    await socket_stage.slack.redeliver(asked)
    await socket_stage.slack.command("/paper another")

    await socket_stage.asked(2)
    assert len(socket_stage.inbox.commands) == 2


async def test_a_command_is_acknowledged_before_it_is_answered(socket_stage: Stage):
    going_on = asyncio.Event()

    class Slow(RecordingInbox):
        async def command(self, command: Command) -> Document:
            await going_on.wait()
            return await RecordingInbox.command(self, command)

    stage = socket_stage
    stage.slack.sockets.open.clear()
    slow = Slow()
    chat = make_chat(stage.slack, stage.clock, Remembered())
    async with running(chat, slow):
        await until(lambda: chat.condition.ok and stage.slack.sockets.open)
        asked = await stage.slack.command("/paper reasoning")
        assert asked.acknowledged
        assert asked.answers == []
        going_on.set()
        await stage.slack.until(lambda: asked.answers)


async def test_an_event_that_fails_does_not_stop_the_others(socket_stage: Stage):
    def answer(command: Command) -> Document:
        if command.options["query"] == "bad":
            raise ZeroDivisionError
        return paragraph("fine")

    socket_stage.inbox.answer = answer
    bad = await socket_stage.slack.command("/paper bad")
    good = await socket_stage.slack.command("/paper good")

    await socket_stage.slack.until(lambda: good.answers)
    assert bad.acknowledged


class OnAFullDisk(Remembered):
    """Nothing can be remembered."""

    async def first_time(self, _event_id: str) -> bool:
        raise StorageBusyError("The disk is full")


async def test_a_command_is_answered_while_nothing_can_be_stored():
    clock, inbox = Clock(), RecordingInbox()
    async with FakeSlack(clock=clock.timestamp) as slack:
        chat = make_chat(slack, clock, OnAFullDisk())
        async with running(chat, inbox):
            await until(lambda: len(slack.sockets.open) >= 2)

            asked = await slack.command("/paper reasoning")

            (answer,) = await slack.until(lambda: asked.answers)
    assert answer["text"].startswith("/paper reasoning: page 1")
