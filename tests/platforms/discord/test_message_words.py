"""Messages are read whole and well-formed, as Discord shows them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discussion.domain.present_discussion import present_copy
from bot.platforms.discord.inbound import markup
from bot.platforms.discord.inbound.markup import HIDDEN
from tests.fakes.discord import text_of
from tests.fakes.discord.world import BOT_ID, BOT_ROLE
from tests.platforms.discord.stage import PAPERS, RunningBot, key, paper

ADDRESS = "https://discord.com/channels/1/"


class Numbers:
    def user(self, number: int) -> str:
        return f"user{number}"

    def role(self, number: int) -> str:
        return f"role{number}"

    def channel(self, number: int) -> str:
        return f"channel{number}"


def read(text: str) -> str:
    return markup.plain(text, Numbers())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<:parrot:123> <a:x:1>", ":parrot: :x:"),
        ("<t:1700000000>", "2023-11-14 22:13 UTC"),
        ("<t:1700000000:t>|<t:1700000000:T>", "22:13 UTC|22:13:20 UTC"),
        ("<t:1700000000:d>|<t:1700000000:D>", "2023-11-14|2023-11-14"),
        ("<t:1700000000:f>|<t:1700000000:F>", "2023-11-14 22:13 UTC|2023-11-14 22:13 UTC"),
        ("<t:1700000000:R>|<t:1700000000:s>", "2023-11-14 22:13 UTC|2023-11-14 22:13 UTC"),
        ("<t:1700000000:S>", "2023-11-14 22:13:20 UTC"),
        ("<t:-86400:d>", "1969-12-31"),
        ("<t:999999999999999>", "<t:999999999999999>"),
        ("</paper:1> </digest here:1234567890>", "/paper /digest here"),
        ("</논문:1>", "/논문"),
        ("<id:customize> <id:linked-roles:12>", "#Channels & Roles #Linked Roles"),
        ("<@123456789012345678> <@!123456789012345678>", "@user123456789012345678 " * 2),
        ("<@&123456789012345678>", "@role123456789012345678"),
        ("<#123456789012345678>", "#channel123456789012345678"),
        ("see ||the end||, ||`of it`||", f"see {HIDDEN}, {HIDDEN}"),
        ("a || b", "a || b"),
        ("||||", "||||"),
        ("<https://arxiv.org/abs/2310.07831>", "https://arxiv.org/abs/2310.07831"),
        ("<mailto:ada@example.org>", "mailto:ada@example.org"),
        (
            "`<:parrot:123>` ``||x||`` ```\n<t:1:d>\n```",
            "`<:parrot:123>` ``||x||`` ```\n<t:1:d>\n```",
        ),
        (r"\<:parrot:123>", r"\<:parrot:123>"),
        ("1 < 2 > 0 <b> @everyone", "1 < 2 > 0 <b> @everyone"),
    ],
)
def test_markup_reads_as_discord_shows_it(source: str, shown: str):
    assert read(source).strip() == shown.strip()


@given(text=st.text(alphabet="<>:|`t@#&/id1a\\ \n") | st.text())
def test_any_text_is_read_without_an_error(text: str):
    read(text)


async def heard(bot: RunningBot, text: str = "", **more: Any) -> str:
    """What the bot is told of somebody's message in one of its threads."""
    root = await bot.chat.post(PAPERS, paper(), key=key())
    await bot.discord.says(text, at=int(root.id), **more)
    await bot.until(lambda: bool(bot.desk.heard))
    return bot.desk.heard[-1].text


async def test_names_stand_for_ids(bot: RunningBot):
    bot.discord.world.add_channel(123456789012345678, "random")
    bot.discord.world.add_person(234567890123456789, "Ben Lee")
    await bot.restart()
    mentions = [bot.discord.person(234567890123456789).json(), bot.discord.world.bot.json()]

    said = await heard(
        bot,
        f"<@{BOT_ID}> <@&{BOT_ROLE}> <@234567890123456789> <#123456789012345678> "
        "<@345678901234567890> <@&345678901234567890> <#345678901234567890> @everyone",
        fields={"mentions": mentions},
    )

    assert said == (
        "@paperbot @paperbot @Ben\u00a0Lee #random @unknown-user @unknown-role #unknown-channel @everyone"
    )


def snapshot(**fields: Any) -> dict[str, Any]:
    message = {
        "type": 0,
        "content": "",
        "embeds": [],
        "attachments": [],
        "timestamp": "2025-02-03T09:00:00+00:00",
        "edited_timestamp": None,
        "flags": 0,
        "mentions": [],
        "mention_roles": [],
    }
    return {"message": message | fields}


def forward(*snapshots: dict[str, Any]) -> dict[str, Any]:
    reference = {"type": 1, "channel_id": "11", "message_id": "12", "guild_id": "1"}
    return {"message_snapshots": list(snapshots), "message_reference": reference, "flags": 1 << 14}


async def test_a_forwarded_message_is_a_quotation_of_whoever_forwards_it(bot: RunningBot):
    said = await heard(bot, fields=forward(snapshot(content="first <:parrot:1>\nsecond ||end||")))

    assert said == f"> first :parrot:\n> second {HIDDEN}"
    assert bot.desk.heard[0].user.name == "Ada"
    copy = present_copy("Ada", "discord", said)
    assert "first :parrot:" in str(copy)


async def test_who_is_mentioned_in_a_forwarded_message_is_unknown_and_not_deleted(bot: RunningBot):
    ben = bot.discord.world.add_person(234567890123456789, "Ben Lee")
    words = "<@234567890123456789> see <#345678901234567890>"

    said = await heard(bot, fields=forward(snapshot(content=words, mentions=[ben.json()])))

    assert said == "> @unknown-user see #unknown-channel"


async def test_a_comment_on_a_forwarded_message_stands_before_it(bot: RunningBot):
    said = await heard(bot, "look at this", fields=forward(snapshot(content="the news")))

    assert said == "look at this\n> the news"


async def test_what_a_forwarded_message_of_a_bot_or_with_files_says_is_kept(bot: RunningBot):
    embeds = [
        {"type": "rich", "title": "A paper", "description": "in short", "fields": []},
        {"type": "link", "title": "a preview", "description": "of a link"},
    ]
    files = [bot.discord.world.attachment("figure.png")]

    said = await heard(bot, fields=forward(snapshot(embeds=embeds, attachments=files)))

    lines = said.splitlines()
    assert lines[:2] == ["> A paper", "> in short"]
    assert lines[2].startswith(f"> figure.png {ADDRESS}")
    assert len(lines) == 3


async def test_a_poll_is_kept_with_its_answers(bot: RunningBot):
    poll = {
        "question": {"text": "Which one?"},
        "answers": [
            {"answer_id": 1, "poll_media": {"text": "PPO"}},
            {"answer_id": 2, "poll_media": {"text": "그 밖", "emoji": {"id": None, "name": "🦜"}}},
        ],
        "expiry": "2099-01-01T00:00:00+00:00",
        "allow_multiselect": False,
        "layout_type": 1,
    }

    assert await heard(bot, fields={"poll": poll}) == "Which one?\n• PPO\n• 🦜 그 밖"


async def test_a_message_with_only_a_sticker_says_which(bot: RunningBot):
    sticker = {"id": "77", "name": "Wave", "format_type": 1}

    assert (await heard(bot, fields={"sticker_items": [sticker]})).startswith(f"Wave {ADDRESS}")


async def test_a_file_has_its_own_name_and_its_description(bot: RunningBot):
    file = bot.discord.world.attachment("1.png") | {"title": "그림 1", "description": "a curve"}

    said = await heard(bot, fields={"attachments": [file]})

    assert said.startswith(f"그림 1 {ADDRESS}")
    assert said.endswith("\n> a curve")


MALFORMED = ("\ud800", "a\udfffb", "\x00", "￾", "́a", "\ud83d", "ok \udc00\ud800")


@pytest.mark.parametrize("text", MALFORMED, ids=ascii)
async def test_a_command_with_malformed_text_is_answered(bot: RunningBot, text: str):
    asked = await bot.discord.types("paper", {"query": f"reasoning {text}"})
    completes = await bot.discord.completes("paper", "query", text)
    digest = await bot.discord.types("digest", {"what": text})

    assert "reasoning" in text_of(await asked.answer())
    await completes.suggestions()
    await digest.answer()
    for command in bot.desk.asked:
        command.options["query" if command.name == "paper" else "what"].encode()


@pytest.mark.parametrize("text", MALFORMED, ids=ascii)
async def test_malformed_text_in_a_thread_is_heard_well_formed(bot: RunningBot, text: str):
    bot.discord.person(101).name = f"Ada {text}"

    said = await heard(bot, f"hello {text}", mentions_bot=True)

    said.encode()
    bot.desk.heard[-1].user.name.encode()
    assert said.startswith("hello")
    assert "\x00" not in said


async def test_a_button_with_a_malformed_line_is_answered(bot: RunningBot):
    await bot.chat.post(PAPERS, paper(), key=key())
    stands = bot.discord.messages(11)[0]
    button = {"type": 2, "style": 2, "label": "Odd", "custom_id": "pb0:/paper \ud800 rl"}
    odd = stands | {"components": [{"type": 1, "components": [button]}]}

    pressed = await bot.discord.presses(odd, "Odd")

    await pressed.answer()
    bot.desk.asked[-1].options["query"].encode()
