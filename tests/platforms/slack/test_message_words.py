"""What a message says outside of its text is kept, with who said it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.slack.inbound.block_text import block_text
from bot.platforms.slack.inbound.event_parser import read_reply
from bot.platforms.slack.inbound.events import BotIdentity, MessagePosted
from bot.platforms.slack.inbound.message_words import message_words, own_words
from bot.platforms.slack.inbound.mrkdwn import plain
from tests.fakes.slack.world import BOT_USER
from tests.platforms.slack.stage import CHANNEL, KEY, Stage, paragraph

US = BotIdentity("T1", "UBOT", "BBOT")


IN_BLOCKS = {"type": "text", "text": "in blocks"}


def words(message: dict[str, Any]) -> str:
    """What a message says, as it is read elsewhere."""
    names = {"U1": "Ada", "C1": "papers"}
    return plain(message_words(message), lambda id_: names.get(id_, id_))


def share(**more: Any) -> dict[str, Any]:
    """A forwarded message, as Slack attaches it."""
    return {
        "is_share": True,
        "is_msg_unfurl": True,
        "author_id": "U2",
        "author_name": "하늘",
        "channel_id": "C2",
        "ts": "1700000000.000100",
        "from_url": "https://papers.slack.com/archives/C2/p1700000000000100",
        "fallback": "[November 14th, 2023 10:13 PM] haneul: the reward",
        "text": "the reward model &amp; <https://arxiv.org/abs/2502.01456>",
        "footer": "Posted in #other",
        **more,
    }


def rich(*runs: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(runs)}],
    }


def test_a_forwarded_message_becomes_a_quotation_of_its_author():
    assert words({"text": "", "attachments": [share()]}) == (
        "> 하늘: the reward model & https://arxiv.org/abs/2502.01456"
    )


def test_a_comment_comes_before_the_forwarded_message():
    assert words(
        {"text": "look", "attachments": [share(text="one\ntwo"), share(text="three")]}
    ) == ("look\n> 하늘: one\n> two\n> 하늘: three")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"author_name": ""}, "> @U2: the words"),
        ({"author_name": "", "author_id": "U1"}, "> @Ada: the words"),
        ({"author_name": "", "author_id": ""}, "> ?: the words"),
        ({"author_name": "<!channel> & co"}, "> <!channel> & co: the words"),
        ({"author_name": "two\nlines"}, "> two lines: the words"),
        (
            {"text": "", "message_blocks": [{"message": {"blocks": [rich(IN_BLOCKS)]}}]},
            "> 하늘: in blocks",
        ),
        (
            {"text": "", "files": [{"title": "plot.png", "permalink": "https://s.example/F1"}]},
            "> 하늘: plot.png (https://s.example/F1)",
        ),
        (
            {"text": "outer", "attachments": [share(author_name="Grace", text="inner")]},
            "> 하늘: outer\n> > Grace: inner",
        ),
        ({"text": "", "fallback": "a <b> fallback"}, "> 하늘: a <b> fallback"),
    ],
)
def test_all_parts_of_a_forwarded_message_are_kept(more, said):
    message = {"text": "", "attachments": [share(**{"text": "the words", **more})]}

    assert plain(message_words(message), lambda id_: {"U1": "Ada"}.get(id_, id_)) == said


@pytest.mark.parametrize(
    "address", ["https://x.example/?a=1&region=us&copy=2", "https://x.example/?a=&amp;&lt=|b"]
)
def test_an_address_is_said_as_it_is(address):
    shown = address.replace("|", "%7C")
    block = rich({"type": "link", "url": address})
    labelled = rich({"type": "link", "url": address, "text": "a < b"})
    files = [{"title": "plot.png", "permalink": address}, {"permalink": address}]

    assert words({"text": "", "blocks": [block]}) == shown
    assert words({"text": "", "blocks": [labelled]}) == f"a < b ({shown})"
    assert words({"text": "", "files": files}) == f"plot.png ({shown})\n{shown}"


@pytest.mark.parametrize(
    "preview",
    [
        {"from_url": "https://arxiv.org", "title": "arXiv", "text": "a preview"},
        {
            "is_msg_unfurl": True,
            "from_url": "https://x.slack.com/archives/C1/p1",
            "text": "a preview",
        },
        {"original_url": "https://arxiv.org", "service_name": "arXiv", "fallback": "a preview"},
        {"is_share": False, "from_url": "https://arxiv.org", "text": "a preview"},
    ],
)
def test_previews_of_links_are_skipped(preview):
    assert words({"text": "see", "attachments": [preview]}) == "see"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            {"title": "results.png", "permalink": "https://s.example/F1"},
            "results.png (https://s.example/F1)",
        ),
        ({"name": "a.pdf", "permalink": "https://s.example/F1"}, "a.pdf (https://s.example/F1)"),
        ({"permalink": "https://s.example/F1"}, "https://s.example/F1"),
        ({"title": "no address", "permalink": "javascript:alert(1)"}, "no address"),
        (
            {
                "title": "audio message",
                "subtype": "slack_audio",
                "permalink": "https://s.example/F1",
                "transcription": {
                    "status": "complete",
                    "preview": {"content": "안녕하세요 <여러분>", "has_more": False},
                },
            },
            "audio message (https://s.example/F1)\n> 안녕하세요 <여러분>",
        ),
        (
            {"title": "clip", "transcription": {"status": "processing"}},
            "clip",
        ),
        ({"title": "plot", "alt_txt": "A falling loss"}, "plot\n> A falling loss"),
        ({"title": "notes.txt", "preview": "line 1\nline 2"}, "notes.txt\n> line 1\n> line 2"),
        ({"title": "a\nb", "permalink": "https://s.example/F"}, "a b (https://s.example/F)"),
    ],
)
def test_a_message_with_only_a_file_gives_its_name_and_words(file, said):
    assert words({"text": "", "files": [file]}) == said


BLOCKS = [
    ({"type": "header", "text": {"type": "plain_text", "text": "A <b> & c"}}, "A <b> & c"),
    (
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Vote* &lt;now&gt; <@U1>"}},
        "*Vote* <now> @Ada",
    ),
    (
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "Which?"},
            "fields": [{"type": "plain_text", "text": "one"}, {"type": "mrkdwn", "text": "two"}],
        },
        "Which?\none\ntwo",
    ),
    (
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "Pick"},
            "accessory": {
                "type": "radio_buttons",
                "options": [{"text": {"type": "plain_text", "text": word}} for word in ("A", "B")],
            },
        },
        "Pick\nA\nB",
    ),
    (
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": word}}
                for word in ("Yes", "No")
            ],
        },
        "Yes · No",
    ),
    (
        {
            "type": "context",
            "elements": [
                {"type": "mrkdwn", "text": "small"},
                {"type": "image", "image_url": "https://i.example", "alt_text": "a face"},
            ],
        },
        "small\na face",
    ),
    ({"type": "image", "alt_text": "a plot", "image_url": "https://i.example"}, "a plot"),
    (
        {"type": "image", "title": {"type": "plain_text", "text": "Loss"}, "alt_text": "a plot"},
        "Loss",
    ),
    ({"type": "markdown", "text": "**bold** <tag>"}, "**bold** <tag>"),
    ({"type": "divider"}, ""),
    ({"type": "of_next_year", "text": {"type": "plain_text", "text": "new"}}, "new"),
    (
        {
            "type": "table",
            "rows": [
                [{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}],
                [rich({"type": "text", "text": "c"}), {"type": "raw_text", "text": "d"}],
            ],
        },
        "a | b\nc | d",
    ),
    (
        rich(
            {"type": "user", "user_id": "U1"},
            {"type": "text", "text": " says <x> "},
            {"type": "link", "url": "https://a.example", "text": "here"},
            {"type": "link", "url": "https://b.example"},
            {"type": "broadcast", "range": "here"},
            {"type": "channel", "channel_id": "C1"},
            {"type": "usergroup", "usergroup_id": "S1"},
            {"type": "emoji", "name": "parrot"},
            {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fc", "skin_tone": 3},
            {"type": "date", "timestamp": 1392734382, "format": "{date}", "fallback": "18 Feb"},
            {"type": "color", "value": "#FFF"},
        ),
        "@Ada says <x> here (https://a.example)https://b.example@here#papers@group:parrot:👋🏼18 Feb#FFF",
    ),
    (
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "list:\n"}]},
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "offset": 1,
                    "elements": [
                        {"type": "rich_text_section", "elements": [{"type": "text", "text": word}]}
                        for word in ("two", "three")
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "indent": 1,
                    "elements": [
                        {"type": "rich_text_section", "elements": [{"type": "text", "text": "in"}]}
                    ],
                },
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "q\nr"}]},
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x = 1"}]},
            ],
        },
        "list:\n2. two\n3. three\n  • in\n> q\n> r\n```\nx = 1\n```",
    ),
]


@pytest.mark.parametrize(("block", "said"), BLOCKS)
def test_a_message_with_only_blocks_gives_their_words(block, said):
    for text in ("", "  ", "This content can't be displayed.", "This message can’t be displayed."):
        assert words({"text": text, "blocks": [block]}) == said


def test_blocks_are_ignored_if_there_is_text():
    assert words({"text": "hello", "blocks": [rich({"type": "text", "text": "hello"})]}) == "hello"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (":wave::skin-tone-3: hi", "👋🏼 hi"),
        (":wave: hi", "👋 hi"),
        (":parrot: and :parrot::skin-tone-2:", ":parrot: and :parrot:"),
        ("10:30:45", "10:30:45"),
    ],
)
def test_emoji_become_the_characters_in_the_blocks(text, said):
    blocks = [
        rich(
            {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fc", "skin_tone": 3},
            {"type": "emoji", "name": "wave", "unicode": "1f44b"},
            {"type": "emoji", "name": "parrot"},
            {"type": "emoji", "name": "broken", "unicode": "not hex"},
            {"type": "emoji", "name": "half", "unicode": "d800"},
        )
    ]

    assert words({"text": text, "blocks": blocks}) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<mailto:a@b.example>", "a@b.example"),
        ("<MAILTO:a@b.example|A@b.example>", "A@b.example"),
        ("<mailto:a@b.example|write to me>", "write to me (a@b.example)"),
        (
            "<mailto:a@b.example?subject=x&amp;body=y|a@b.example>",
            "a@b.example (a@b.example?subject=x&body=y)",
        ),
        ("<tel:+82-2-123-4567|+82 2 123 4567>", "+82 2 123 4567"),
        ("<tel:021234567>", "021234567"),
        ("<tel:+8221234567|the office>", "the office (+8221234567)"),
        ("<!subteam^S1>", "@group"),
        ("<!subteam^S1|@ml-team>", "@ml-team"),
        ("<!subteam^S1|ml-team>", "@ml-team"),
        ("<!subteam^S1|>", "@group"),
        ("<!date^1392734382^{date_num}|2014-02-18>", "2014-02-18"),
        ("<!date^1392734382^{date_num} at {time}|>", "2014-02-18 14:39 UTC"),
        ("<!date^1392734382^{date_num}>", "2014-02-18 14:39 UTC"),
        ("<!date^1392734382^{date}^https://a.example/|18 Feb>", "18 Feb (https://a.example/)"),
        ("<!date^nonsense^{date}|some day>", "some day"),
        ("<!date^99999999999999^{date}|far>", "far"),
        ("<!date^99999999999999^{date}>", ""),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!here|here>", "here"),
        ("<#C1|papers>", "#papers"),
        ("<#C1|#papers>", "#papers"),
        ("<#C1>", "#papers"),
        ("<#C1|>", "#papers"),
        ("<#C9|>", "#C9"),
        ("<@U1>", "@Ada"),
        ("<@U1|ada>", "@Ada"),
        ("<@U2> again", "@Bo\u00a0Kim again"),
        ("<https://a.example/>", "https://a.example/"),
        ("<https://a.example/|a.example>", "https://a.example/"),
        (
            "<https://a.example/?a=1&amp;b=2|https://a.example/?a=1&amp;b=2>",
            "https://a.example/?a=1&b=2",
        ),
        ("<https://evil.example|https://arxiv.org>", "https://arxiv.org (https://evil.example)"),
        ("<https://a.example|the paper>", "the paper (https://a.example)"),
        (":wave::skin-tone-3:", ":wave:"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("1 &lt; 2 &gt; 0", "1 < 2 > 0"),
        ("<", "<"),
        ("<>", ""),
        ("<!>", "@"),
    ],
)
def test_references_become_plain_text(text, said):
    names = {"U1": "Ada", "U2": "Bo Kim", "C1": "papers"}

    assert plain(text, lambda id_: names.get(id_, id_)) == said


def reply(**more: Any) -> MessagePosted | None:
    message = {
        "ts": "1700000000.000100",
        "thread_ts": "1699999999.000100",
        "user": "U1",
        "text": "",
    }
    return read_reply({**message, **more}, "C1", US)


IN_CONNECT = {"id": "F1", "mode": "file_access", "file_access": "check_file_info"}
"""What Slack sends of a file in a channel that organisations share."""


def test_a_file_of_which_slack_tells_nothing_is_a_link_to_its_message():
    alone = reply(files=[IN_CONNECT])
    deleted = reply(files=[{"id": "F1", "mode": "tombstone"}])
    forwarded = reply(attachments=[share(text="", fallback="", files=[IN_CONNECT])])

    said = [heard and plain(heard.text, str) for heard in (alone, deleted, forwarded)]
    assert said == [
        "https://slack.com/archives/C1/p1700000000000100?thread_ts=1699999999.000100&cid=C1",
        "",
        "> 하늘: https://papers.slack.com/archives/C2/p1700000000000100",
    ]


POLL = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Which paper?*"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": word}} for word in ("A", "B")
        ],
    },
]


@pytest.mark.parametrize(
    "who",
    [
        {"subtype": "bot_message", "bot_id": "B9", "username": "Poll", "user": None},
        {"bot_id": "B9", "user": "U9", "bot_profile": {"name": "Poll"}},
    ],
)
def test_a_poll_of_an_app_is_received_with_the_name_of_the_app(who):
    heard = reply(blocks=POLL, **who)

    assert heard is not None
    assert (heard.user_name, heard.text) == ("Poll", "*Which paper?*\nA · B")
    assert heard.user in {"B9", "U9"}
    assert not heard.mentions_bot


@pytest.mark.parametrize(
    "who",
    [
        {"bot_id": "B9", "user": "U9", "text": "Ada (Discord): hello"},
        {"subtype": "bot_message", "bot_id": "B9", "username": "relay", "text": "hello"},
        {"bot_id": "BBOT", "user": "UBOT", "blocks": POLL},
        {"bot_id": "BBOT", "user": None, "blocks": POLL},
        {"subtype": "channel_topic", "bot_id": "B9", "user": "U9", "blocks": POLL},
    ],
)
def test_other_messages_of_apps_and_of_the_bot_are_ignored(who):
    assert reply(**who) is None


def test_a_mention_in_a_forwarded_message_does_not_call_the_bot():
    heard = reply(text="look", attachments=[share(text=f"<@{US.user}> abstract")])

    assert heard is not None
    assert not heard.mentions_bot


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["type", "text", "blocks", "elements", "files", "attachments", "is_share", "fields",
             "rows", "accessory", "options", "transcription", "preview", "message_blocks", "message"]
        ),
        inner | st.sampled_from(["rich_text", "section", "table", "actions", "emoji", "link"]),
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["text", "blocks", "files", "attachments"]), json_values))
def test_no_json_breaks_the_parser(message):
    assert isinstance(message_words(message), str)
    assert isinstance(own_words(message), str)


def test_deep_nesting_is_bounded():
    deep: dict[str, Any] = rich({"type": "text", "text": "x"})
    message: dict[str, Any] = {"text": "bottom"}
    for _ in range(300):
        deep = {"type": "table", "rows": [[deep]]}
        message = {"text": "", "attachments": [share(text="level", attachments=[message])]}
        message["attachments"][0]["attachments"] = message["attachments"][:]

    assert block_text([deep]) == ""
    assert len(message_words(message)) < 1000


async def test_a_forwarded_message_is_received_with_its_author(stage: Stage):
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.slack.say("", user="U2", thread=root.id, attachments=[share()])

    (heard,) = await stage.heard()
    assert heard.user.name == "하늘"
    assert heard.text == "> 하늘: the reward model & https://arxiv.org/abs/2502.01456"


async def test_a_poll_is_received_and_its_votes_are_edits(socket_stage: Stage):
    stage = socket_stage
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    app: dict[str, Any] = {"bot_id": "B9", "bot_profile": {"name": "Poll"}}
    poll = await stage.slack.say("", user="U9", thread=root.id, blocks=POLL, **app)
    await stage.heard()

    counted = {"type": "context", "elements": [{"type": "mrkdwn", "text": "A: 1"}]}
    await stage.slack.change(poll, blocks=[*POLL, counted])

    first, second = await stage.heard(2)
    assert (first.user.name, first.user.can_manage) == ("Poll", False)
    assert second.message == first.message
    assert second.text == f"{first.text}\nA: 1"
    assert second.edited_at is not None
    assert stage.slack.calls_of("users.info") == []


async def test_a_later_transcript_is_an_edit(socket_stage: Stage):
    stage = socket_stage
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    clip = {"title": "audio message", "subtype": "slack_audio"}
    spoken = await stage.slack.say("", thread=root.id, subtype="file_share", files=[clip])
    await stage.heard()

    done = {"status": "complete", "preview": {"content": "I agree."}}
    await stage.slack.change(spoken, files=[clip | {"transcription": done}])

    _, second = await stage.heard(2)
    assert second.text == "audio message\n> I agree."
    assert second.edited_at is not None


async def test_a_link_preview_is_no_edit(socket_stage: Stage):
    stage = socket_stage
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    said = await stage.slack.say("see <https://a.example>", thread=root.id)
    await stage.heard()

    await stage.slack.change(said, attachments=[{"from_url": "https://a.example", "text": "x"}])
    await stage.slack.say("next", thread=root.id)

    assert [heard.text for heard in await stage.heard(2)] == ["see https://a.example", "next"]


async def test_a_public_channel_is_named_and_a_private_one_is_not(stage: Stage):
    stage.slack.world.add_channel("C7", "reading")
    stage.slack.world.add_channel("C8", "secret", private=True)
    root = await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)
    await stage.slack.say("<#C7> <#C7|> <#C8|> <#C9>", thread=root.id)

    (heard,) = await stage.heard()
    assert heard.text == "#reading #reading #C8 #C9"


async def test_a_mention_with_only_a_file_is_answered_with_help(stage: Stage):
    await stage.slack.say(f"<@{BOT_USER}>", files=[{"title": "plot.png"}])

    await stage.slack.until(lambda: stage.slack.world.ephemerals)
    assert stage.inbox.commands[0].name == "help"
