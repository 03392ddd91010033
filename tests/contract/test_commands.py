"""What people get for what they type, on every platform: the real bot over one small archive.

A platform joins by adding to `PLATFORMS` a function that opens a `Room`.
"""

import html
import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.archive.services import tidy_tags
from bot.archive.services.import_files import import_files
from bot.channels.domain.subscription import Standing
from bot.channels.store import subscriptions
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.form import Form
from bot.core.ports import ChannelRef, Chat, Choice, Command, FilledForm, MessageRef, User
from bot.core.ports.values import person_id
from bot.discussion.store import replies
from bot.mail.services.opt_in import OptIn
from bot.webchat.services.access import one_time_address
from tests.archive_stage import an_entry, keep
from tests.databases import throw_away
from tests.fakes.discord import components_of, text_of
from tests.fakes.discord.world import EPHEMERAL
from tests.platforms.discord.stage import PAPERS, running_bot
from tests.platforms.discord.stage import DigestContext as DiscordInbox
from tests.platforms.slack.stage import CHANNEL as SLACK_CHANNEL
from tests.platforms.slack.stage import RecordingInbox, controls, said_in_blocks
from tests.platforms.slack.stage import staged as staged_slack
from tests.platforms.web.stage import FakeInbox, staged
from tests.platforms.web.test_chat_api import GENERAL

NOW = datetime(2025, 2, 4, 3, tzinfo=UTC)
PAGE = """2025년 2월 4일
A Paper on Reasoning
https://arxiv.org/abs/2502.00001
(Jane Lee, Min Kim)
The abstract of the first paper is here, and it is long enough to be one.
추론에 대한 첫 논문입니다.
The first paper about reasoning.
#reasoning #rl
A Paper on Embeddings
(Ada Park)
The abstract of the second paper is here, and it is long enough to be one.
임베딩에 대한 논문.
A paper about embeddings.
#embedding #rl
"""

CURATORS = frozenset({"slack:T1/U2", "discord:102"})
numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as its reader sees it; `message` is the platform's own form of it."""

    text: str
    is_private: bool
    buttons: tuple[str, ...]
    message: Any


@dataclass(frozen=True, slots=True)
class Room:
    """A channel with the bot in it: `types` a line there, `presses` a button of an answer.

    `picks` presses the button of a row, by what the row says; `changes` opens the form behind a
    button, and saves it with other values. These and `presses` take whether it is the `other`
    person who does it, a curator.

    `db` is the bot's database, in which the person who types is `channel` and `person`. `inbox`
    reads the person's direct messages, which `chat` posts.
    """

    types: Callable[[str], Awaitable[Shown]]
    presses: Callable[..., Awaitable[Shown]]
    picks: Callable[..., Awaitable[Shown]]
    changes: Callable[[Shown, str, dict[str, str]], Awaitable[str]]
    db: Database
    channel: ChannelRef
    person: Callable[[], str]
    chat: Chat
    inbox: Callable[[ChannelRef], Awaitable[list[str]]]

    async def speaks(self, text: str) -> None:
        """The person says something in a thread of the channel, and it is stored."""
        root = MessageRef(self.channel, "root")
        user = User(self.person(), "Ada", can_manage=False)
        message = MessageRef(self.channel, f"said-{next(numbers)}")
        draft = replies.Draft(
            message=message,
            root=root,
            entry_id=None,
            author_id=person_id(self.channel, user.id),
            author=user.name,
            text=text,
            said_at=NOW,
            edited_at=None,
            link=None,
        )
        async with self.db.transaction() as tx:
            await replies.add(tx, draft, NOW)


def make_bot(db: Database, chats: list[Chat]) -> Bot:
    """The bot; `chats` will have the platform's."""

    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    async def open_inbox(channel: ChannelRef, user: User) -> ChannelRef:
        return await chats[0].direct_channel(channel.workspace, user.id)

    desk = DigestContext(
        db,
        lambda: NOW,
        ZoneInfo("Asia/Seoul"),
        check,
        lambda: None,
        curators=CURATORS,
        mail=OptIn("https://papers.example.org", Catalogues()),
    )
    return Bot(desk, voices=Catalogues(), open_inbox=open_inbox)


class RealForms:
    """The forms of the bot, instead of a test's own."""

    bot: Bot | None

    def blank_form(self, command: Command) -> Form:
        assert self.bot is not None
        return self.bot.blank_form(command)

    async def open_form(self, command: Command, blank: Form) -> Form | Document:
        assert self.bot is not None
        return await self.bot.open_form(command, blank)

    async def keep_form(self, filled: FilledForm) -> bool:
        assert self.bot is not None
        return await self.bot.keep_form(filled)

    async def submit_form(self, filled: FilledForm) -> Form | Document:
        assert self.bot is not None
        return await self.bot.submit_form(filled)


@dataclass
class WebInbox(RealForms, FakeInbox):
    bot: Bot | None = field(default=None)

    async def command(self, command: Command) -> Document:
        assert self.bot is not None
        self.asked.append(command)
        return await self.bot.command(command)

    async def complete(self, command: Command, option: str, typed: str) -> tuple[Choice, ...]:
        assert self.bot is not None
        return await self.bot.complete(command, option, typed)


@dataclass
class SlackInbox(RealForms, RecordingInbox):
    bot: Bot | None = field(default=None)

    async def command(self, command: Command) -> Document:
        assert self.bot is not None
        return await self.bot.command(command)


@dataclass
class RealDiscordInbox(RealForms, DiscordInbox):
    bot: Bot | None = field(default=None)

    async def command(self, command: Command) -> Document:
        assert self.bot is not None
        return await self.bot.command(command)


_BUTTON = re.compile(r'data-command="([^"]*)"([^>]*)>(.*?)</(?:button|a)>', re.DOTALL)
_FORM = re.compile(r'href="(/note[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_ROW = re.compile(r'aria-label="[^":]*: ([^"]*)"')
_INPUT = re.compile(r'name="([^"]+)" value="([^"]*)"')
_TEXT = re.compile(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


@asynccontextmanager
async def web(db: Database, *, direct: bool = False) -> AsyncIterator[Room]:
    chats: list[Chat] = []
    inbox = WebInbox(bot=make_bot(db, chats))
    async with staged(inbox=inbox) as stage:
        chats.append(stage.chat)
        await stage.become_operator()
        channel = GENERAL
        if direct:
            await stage.post("/api/press", channel="general", line="/help")
            channel = await stage.chat.direct_channel("", inbox.asked[-1].user.id)

        def shown(answer: Any) -> Shown:
            page = str(answer.get("private") or answer["change"]["html"])
            buttons: dict[str, str] = {}
            for line, attributes, label in _BUTTON.findall(page):
                row = _ROW.search(attributes)
                name = row[1] if row is not None else _TAG.sub("", label)
                buttons[html.unescape(name)] = html.unescape(line)
            forms = {_TAG.sub("", label): html.unescape(at) for at, label in _FORM.findall(page)}
            text = " ".join(html.unescape(_TAG.sub(" ", page)).split())
            return Shown(text, "private" in answer, (*buttons, *forms), buttons | forms)

        async def types(line: str) -> Shown:
            nonce = f"nonce-{next(numbers):06}"
            body = {"channel": channel.id, "text": line, "nonce": nonce}
            status, answer = await stage.post("/api/say", **body)
            assert status == 200, answer
            return shown(answer)

        async def presses(seen: Shown, label: str, *, other: bool = False) -> Shown:
            line = seen.message[label]
            client = second if other else stage.client
            body = {"channel": channel.id, "line": line}
            async with client.post(stage.url("/api/press"), json=body, headers=stage.own) as sent:
                answer = await sent.json()
                assert sent.status == 200, answer
            return shown(answer)

        async def changes(seen: Shown, label: str, values: dict[str, str]) -> str:
            async with stage.client.get(stage.url(seen.message[label])) as opened:
                page = await opened.text()
            known = {**dict(_INPUT.findall(page)), **dict(_TEXT.findall(page))}
            form = aiohttp.FormData(default_to_multipart=True)
            for name, value in known.items():
                form.add_field(name, values.get(name.removeprefix("field-"), html.unescape(value)))
            async with stage.client.post(stage.url("/note"), data=form, headers=stage.own) as sent:
                return " ".join(html.unescape(_TAG.sub(" ", await sent.text())).split())

        async def read(_: ChannelRef) -> list[str]:
            async with stage.client.get(stage.url("/inbox")) as response:
                page = await response.text()
            found = re.findall(r"<article.*?</article>", page, re.DOTALL)
            return [" ".join(html.unescape(_TAG.sub(" ", each)).split()) for each in found]

        def person() -> str:
            return inbox.asked[-1].user.id

        await types("/help")
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as second:
            address = one_time_address(
                stage.address, await stage.access.new_token(at=stage.clock())
            )
            async with second.get(address) as response:
                assert response.status == 200
            yield Room(types, presses, presses, changes, db, channel, person, stage.chat, read)


@asynccontextmanager
async def slack(db: Database, *, direct: bool = False) -> AsyncIterator[Room]:
    chats: list[Chat] = []
    async with staged_slack(inbox=SlackInbox(bot=make_bot(db, chats))) as stage:
        chats.append(stage.chat)
        channel = await stage.chat.direct_channel("T1", "U1") if direct else SLACK_CHANNEL
        place = channel.id

        async def shown(asked: Any) -> Shown:
            (answer, *_) = await stage.slack.until(lambda: asked.answers)
            private = answer["response_type"] == "ephemeral"
            return Shown(said_in_blocks(answer["blocks"]), private, tuple(controls(answer)), answer)

        async def presses(seen: Shown, label: str, *, other: bool = False) -> Shown:
            button, user = controls(seen.message)[label], "U2" if other else "U1"
            message = dict(seen.message)
            return await shown(await stage.slack.press(message, button, channel=place, user=user))

        async def changes(seen: Shown, label: str, values: dict[str, str]) -> str:
            button = controls(seen.message)[label]
            await stage.slack.press(dict(seen.message), button, channel=place)
            modal = await stage.slack.modal("U1")
            await stage.slack.until(lambda: len(modal.shown) >= 2)
            names = {"ko": "Korean", "en": "English"}
            for name, value in values.items():
                await stage.slack.hands.type(modal, names[name], value)
            said = len(stage.slack.world.ephemerals)
            await stage.slack.hands.submit(modal)
            await stage.slack.until(lambda: len(stage.slack.world.ephemerals) > said)
            return str(stage.slack.world.ephemerals[-1].text)

        async def types(line: str) -> Shown:
            return await shown(await stage.slack.command(line, channel=place))

        async def read(place: ChannelRef) -> list[str]:
            return [said_in_blocks(each["blocks"]) for each in stage.slack.messages(place.id)]

        yield Room(types, presses, presses, changes, db, channel, lambda: "U1", stage.chat, read)


@asynccontextmanager
async def discord(db: Database, *, direct: bool = False) -> AsyncIterator[Room]:
    async with running_bot() as stage:
        chats: list[Chat] = []
        stage.desk = RealDiscordInbox(bot=make_bot(db, chats))
        stage.start()
        chats.append(stage.chat)
        await stage.connected()
        channel = await stage.chat.direct_channel("1", "101") if direct else PAPERS

        async def shown(asked: Any) -> Shown:
            answer = await asked.answer()
            labels = tuple(each["label"] for each in components_of(answer) if "label" in each)
            return Shown(text_of(answer), bool(answer["flags"] & EPHEMERAL), labels, answer)

        async def types(line: str) -> Shown:
            name, _, free = line.removeprefix("/").partition(" ")
            option = {"digest": "what", "help": "topic"}.get(name, "query")
            options = {option: free} if free else {}
            return await shown(await stage.discord.types(name, options, at=int(channel.id)))

        async def presses(seen: Shown, label: str, *, other: bool = False) -> Shown:
            by = 102 if other else 101
            return await shown(await stage.discord.presses(seen.message, label, by=by))

        async def picks(seen: Shown, title: str, *, other: bool = False) -> Shown:
            options = [o for each in components_of(seen.message) for o in each.get("options", ())]
            label = next(o["label"] for o in options if o["label"].endswith(title))
            by = 102 if other else 101
            return await shown(await stage.discord.picks(seen.message, label, by=by))

        async def changes(seen: Shown, label: str, values: dict[str, str]) -> str:
            opened = await stage.discord.presses(seen.message, label)
            sent = await stage.discord.submits(opened, values)
            return text_of(await sent.answer())

        async def read(place: ChannelRef) -> list[str]:
            return [text_of(each) for each in stage.discord.messages(int(place.id))]

        yield Room(types, presses, picks, changes, db, channel, lambda: "101", stage.chat, read)


PLATFORMS: dict[str, Callable[..., AbstractAsyncContextManager[Room]]] = {
    "discord": discord,
    "slack": slack,
    "web": web,
}


@pytest.fixture(params=sorted(PLATFORMS))
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Room]:
    page = tmp_path / "page.txt"
    page.write_text(PAGE, encoding="utf-8")
    async with throw_away() as db:
        await import_files(db, [page], now=NOW)
        async with PLATFORMS[request.param](db) as opened_room:
            yield opened_room


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
async def test_commands_work_in_direct_messages(platform: str, tmp_path: Path):
    page = tmp_path / "page.txt"
    page.write_text(PAGE, encoding="utf-8")
    in_direct_messages = partial(PLATFORMS[platform], direct=True)
    async with throw_away() as db:
        await import_files(db, [page], now=NOW)
        async with in_direct_messages(db) as room:
            found = await room.types("/paper #rl")
            paper = await room.types("/paper 2502.00001")
            tagged = await room.presses(paper, "#rl")
            day = await room.types("/digest newest")
            made = await room.types("/digest here 9am Asia/Seoul")
            status = await room.types("/digest status")
            helped = await room.types("/help")
        async with db.reading() as tx:
            (subscribed,) = await subscriptions.list_all(tx)

    assert "A Paper on Reasoning" in found.text
    assert "A Paper on Embeddings" in tagged.text
    assert "4 February 2025" in day.text
    assert "09:00 Asia/Seoul" in made.text
    assert "09:00 Asia/Seoul" in status.text
    assert "/paper QUERY" in helped.text
    assert subscribed.channel == str(room.channel)


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
async def test_a_merged_tag_finds_and_is_shown_as_the_tag_it_counts_as(
    platform: str, tmp_path: Path
):
    page = tmp_path / "page.txt"
    page.write_text(PAGE, encoding="utf-8")
    async with throw_away() as db:
        await import_files(db, [page], now=NOW)
        await tidy_tags.merge(db, "embedding", "reasoning")
        async with PLATFORMS[platform](db) as room:
            old = await room.types("/paper #embedding")
            new = await room.types("/paper #reasoning")

    assert "A Paper on Reasoning" in old.text
    assert "A Paper on Embeddings" in new.text
    for found in (old, new):
        assert "#reasoning" in found.text
    assert old.text.replace("#embedding", "#reasoning") == new.text


async def test_what_only_its_asker_needs_is_private(room: Room):
    found = await room.types("/paper #rl")
    nothing = await room.types("/paper nonsensical")
    wrong = await room.types("/paper date:soon")
    page = await room.types("/paper #rl page:two")
    beyond = await room.types("/paper #rl page:9")
    beyond_all = await room.types("/paper page:9")

    assert not found.is_private
    assert "A Paper on Reasoning" in found.text
    assert (nothing.is_private, wrong.is_private) == (True, True)
    assert "Nothing found" in nothing.text
    assert "is not a date" in wrong.text
    assert "“two” is not a page" in page.text
    for shown in (beyond, beyond_all):
        assert "There is nothing on page 9" in shown.text


async def test_what_is_found_is_given_as_bibtex_to_who_presses_alone(room: Room):
    found = await room.types("/paper #rl")
    pressed = await room.presses(found, "BibTeX")
    typed = await room.types("/paper 서지 2502.00001")

    assert found.buttons[-1] == "BibTeX"
    assert (pressed.is_private, typed.is_private) == (True, True)
    assert pressed.text.count("@misc{") == 2
    assert "@misc{arxiv:2502.00001, title = {{A Paper on Reasoning}}" in " ".join(
        typed.text.split()
    )
    assert "abstract" not in typed.text
    assert "Nothing found" in (await room.types("/paper bib #nothing")).text


async def test_options_are_understood_or_all_refused_at_once(room: Room):
    wrong = await room.types("/digest here lang:en at:9 layout:wide")
    nothing = await room.types("/digest status")
    made = await room.types("/digest here 9am every weekday Asia/Seoul")

    assert wrong.is_private
    for words in ("did you mean “languages”?", "write 09:00 or 21:00", "“wide” is not a layout"):
        assert words in wrong.text
    assert "No digest is posted in this channel." in nothing.text
    assert "09:00 Asia/Seoul" in made.text
    assert "mon-fri" in made.text


async def test_an_address_is_asked_and_gets_what_the_channel_gets(room: Room):
    await room.types("/digest here 8am Asia/Seoul tags:#rl")
    refused = [
        await room.types(f"/digest mail {rest}")
        for rest in ("", "nobody", "a@b.org layout:papers", "a@b.org notices:on", "a@b.org at:9")
    ]
    asked = await room.types("/digest mail Team@Example.org weekdays:mon-fri")
    again = await room.types("/digest mail team@example.org")

    wanted = ("Write the address", "not an e-mail address", "compact, titles", "threads", "09:00")
    for answer, words in zip(refused, wanted, strict=True):
        assert answer.is_private
        assert words in answer.text
    assert asked.is_private
    assert "team@example.org gets a message that asks" in asked.text
    assert "asked today already" in again.text
    async with room.db.reading() as tx:
        found = await subscriptions.find(tx, "mail:team@example.org")
        planned = await tx.all("SELECT channel FROM delivery WHERE part = 'mail-request'")
    assert found is not None
    assert (found.standing, found.options.tags) == (Standing.PAUSED, "#rl")
    assert f"{found.options.schedule.at:%H:%M}" == "08:00"
    assert found.options.schedule.weekdays == frozenset(range(5))
    assert [row["channel"] for row in planned] == ["mail:team@example.org"]


async def test_what_waits_for_an_approval_in_the_channel_does_so_by_mail(room: Room):
    await room.types("/digest here 8am Asia/Seoul unapproved:hold")

    await room.types("/digest mail team@example.org")
    await room.types("/digest mail other@example.org unapproved:post")

    async with room.db.reading() as tx:
        team = await subscriptions.find(tx, "mail:team@example.org")
        other = await subscriptions.find(tx, "mail:other@example.org")
    assert team is not None
    assert other is not None
    assert (team.options.unapproved, other.options.unapproved) == ("hold", "post")


async def test_dates_are_understood(room: Room):
    day = await room.types("/digest newest")
    same = await room.types("/digest 2월 4일")
    found = await room.types("/paper date:today #rl")

    assert "4 February 2025" in day.text
    assert "4 February 2025" in same.text
    assert "date:2025-02-04 #rl" in found.text


async def test_forget_me_asks_before_it_forgets(room: Room):
    await room.speaks("Something that I said")

    asked = await room.types("/paper forget-me")
    done = await room.presses(asked, "Delete it")
    again = await room.types("/paper forget-me")

    assert (asked.is_private, done.is_private) == (True, True)
    assert "1 reply of yours" in asked.text
    assert "cannot be undone" in asked.text
    assert "1 reply is deleted." in done.text
    assert "Nothing that you wrote is stored." in again.text


async def test_what_is_no_filter_is_named_and_still_searched(room: Room):
    foo = await room.types("/paper foo:bar")
    tag = await room.types("/paper tag:reasoning")
    title = await room.types("/paper Reasoning: A Paper")

    assert "“foo:” is not a filter" in foo.text
    assert "you can write" in tag.text
    assert "A Paper on Reasoning" in title.text
    assert "is not a filter" not in title.text


async def test_help_shows_options_words_of_threads_and_examples_that_find_something(room: Room):
    overview = await room.types("/help")
    paper = await room.types("/paper help")
    same = await room.types("/help paper")
    digest = await room.types("/digest help")
    about_option = await room.types("/help layout")
    about_verb = await room.types("/help forget-me")
    note = await room.types("/help note")
    unknown = await room.types("/help nonsense")

    for shown in (overview, paper, same, digest, note, unknown):
        assert shown.is_private
    for words in ("/paper QUERY", "#rl", "abstract, refs", "/digest"):
        assert words in overview.text
    for words in ("#rl", 'author:"', "date:2025-02", "2502.00001", "forget-me", "last friday"):
        assert words in paper.text
    assert "forget-me" in same.text
    assert "in:discussion" in paper.text
    for words in ("settings", "weekdays:", "languages:", "here 9am every weekday Asia/Seoul"):
        assert words in digest.text
    assert about_option.text.replace("/help layout", "") == digest.text.replace("/digest help", "")
    assert "/paper QUERY" in about_verb.text
    assert "kept as a draft until you save it" in note.text
    assert "There is no help about “nonsense”" in unknown.text


async def test_a_word_of_threads_is_explained_elsewhere(room: Room):
    refs = await room.types("/paper refs")
    near = await room.types("/paper 초롟")

    assert "In a paper's thread, ask “@paperbot refs”." in refs.text
    assert "“@paperbot 초록”" in near.text


async def test_what_was_meant_as_a_command_or_a_day_is_named(room: Room):
    day = await room.types("/paper last friday")
    question = await room.types("/paper what did we discuss about nonsense?")
    korean = await room.types("/paper 논문만 어떻게 받나요")
    forgotten = await room.types("/paper forget me")
    word = await room.types("/digest stop")
    setting = await room.types("/digest titles")
    named = await room.types("/digest tags:#rl")
    ordinary = await room.types("/paper nonsensical")

    assert "“/digest last friday” shows the digest of that day" in day.text
    for shown in (question, korean):
        assert "/paper in:discussion" in shown.text
        assert "“/help”" in shown.text
    assert "“/paper forget-me” deletes" in forgotten.text
    assert "did you mean “/digest pause”?" in word.text
    assert "write “/digest settings titles”" in setting.text
    assert "write “/digest settings tags:#rl”" in named.text.replace("\\", "")
    assert "/help" not in ordinary.text
    assert all(each.is_private for each in (day, question, forgotten, word, setting))


async def test_a_recap_counts_the_week_and_says_where_there_is_too_little(room: Room):
    few = await room.types("/digest recap")
    wrong = await room.types("/digest recap 2025-13")
    for n in range(2, 5):
        entry = an_entry(f"Paper {n}", arxiv_id=f"2502.1000{n}", tags="rl", path=f"{n}.md")
        await keep(room.db, entry)
    week = await room.types("/digest recap 2025-W06")
    year = await room.types("/digest 돌아보기 2025년")

    assert few.is_private
    assert "week 6 of 2025: 2 papers, too few to look back on." in few.text
    assert "“2025-13” is not a week, month or year" in wrong.text
    assert "Looking back on week 6 of 2025" in week.text
    assert "5 papers" in week.text
    assert "#rl" in week.text
    assert "#rl" in week.buttons or "#rl" in str(week.message)
    assert "Looking back on 2025" in year.text
