"""A missing text is drafted when a curator asks for it, and only then (issue 17, item 6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.form import TEXT_MOST, Form
from bot.core.ports import parse_channel
from bot.desk.client.completions import CompletionsClient, Endpoint
from bot.desk.services.context import Drafting
from tests.databases import throw_away
from tests.desk.services.test_note_form import LINK, know
from tests.desk_stage import ADA, CHANNEL, Desk
from tests.fakes.completions import FAULTS, KEY, KOREAN, MODEL, FakeCompletions
from tests.talk_stage import words
from tests.waiting import until

SUMMARY, OTHER = "draft-summary", "draft-other"
LINES = {
    "page": "could not be read",
    "busy": "too much to do right now",
    "half": "could not be read",
    "cut off": "could not be read",
    "large": "is too large",
    "deep": "could not be read",
    "redirect": "at another address",
    "broken": "failed with HTTP 500",
    "compressed": "could not be read",
    "other": "could not be read",
    "no text": "could not be read",
    "blank": "without a text",
}


def drafting(
    service: FakeCompletions, *, url: str = "", budget: int = 100, **changes: object
) -> Drafting:
    endpoint = Endpoint(url or service.url, **{"model": MODEL, "key": KEY} | changes)  # type: ignore[arg-type]
    return Drafting(CompletionsClient(endpoint), budget)


@dataclass
class Stage:
    """A desk with a service that drafts."""

    service: FakeCompletions
    db: Database

    def desk(self, channel: str = str(CHANNEL), **changes: object) -> Desk:
        made = drafting(self.service, **changes)  # type: ignore[arg-type]
        return Desk(self.db, channel=parse_channel(channel), drafting=made)

    async def press_and_type(self, desk: Desk, form: Form, action: str, **values: str) -> Form:
        """Press with an English text, and type `values` before the service answers."""
        service, before = self.service, len(self.service.asked)
        service.free.clear()
        async with asyncio.TaskGroup() as tasks:
            pressing = tasks.create_task(
                press(desk, form, action, en="" if action == SUMMARY else "Mine.")
            )
            await until(lambda: len(service.asked) > before)
            await desk.keeps(form, ADA, **values)
            service.free.set()
        return await pressing


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    async with FakeCompletions() as service, throw_away() as db:
        await know(db)
        stage = Stage(service, db)
        await stage.desk().subscribe()
        yield stage


async def press(desk: Desk, form: Form, action: str, **values: str) -> Form:
    return await desk.inbox.press_form(desk.filled(form, ADA, **values), action)


async def test_a_summary_and_the_other_language_are_drafted_corrected_and_saved() -> None:
    async with staged() as stage:
        desk = stage.desk()
        form = await desk.opens(LINK)
        await desk.keeps(form, tags="rl")
        sent_before = len(stage.service.asked)

        summary = await press(desk, form, SUMMARY, tags="rl")
        unread = await desk.submits(summary)
        stage.service.text = "About reasoning."
        both = await press(desk, summary, OTHER, ko="추론을 다룬다.")
        saved = await desk.submits(both, en="On reasoning.")

    assert sent_before == 0
    assert [action.name for action in form.actions] == [SUMMARY, OTHER]
    assert summary.values["ko"] == f"[draft]\n{KOREAN}"
    assert summary.values["tags"] == "rl"
    assert MODEL in summary.remarks["ko"]
    assert [action.name for action in summary.actions] == [OTHER]
    assert isinstance(unread, Form)
    assert "delete the line [draft]" in unread.problems["ko"]
    assert both.values["en"] == "[draft]\nAbout reasoning."
    assert both.actions == ()
    assert isinstance(saved, Document)
    first, second = stage.service.asked
    assert first["model"] == MODEL
    assert first["messages"][1]["content"] == "A Paper on Reasoning\n\nWe reason about reasoning."
    assert "Korean" in first["messages"][0]["content"]
    assert second["messages"][1]["content"] == "추론을 다룬다."
    assert "English" in second["messages"][0]["content"]


async def test_whatever_the_service_answers_is_one_line_and_what_was_typed_is_kept() -> None:
    async with staged() as stage:
        desk, service = stage.desk(), stage.service
        form = await desk.opens(LINK)
        shown = {}
        for fault in (*FAULTS, "cut off"):
            service.fault = fault
            shown[fault] = await press(desk, form, OTHER, en="Mine.", tags="rl")
        service.fault = "silence"
        hasty = stage.desk(patience=timedelta(milliseconds=200))
        shown["silence"] = await press(hasty, form, OTHER, en="Mine.", tags="rl")
        service.fault = ""
        for name, other in {
            "key": stage.desk(key="wrong"),
            "model": stage.desk(model="wrong"),
            "path": stage.desk(url=f"{service.url}/wrong"),
            "host": stage.desk(url="http://127.0.0.1:9/v1"),
        }.items():
            shown[name] = await press(other, form, OTHER, en="Mine.", tags="rl")
        nothing = await press(desk, await desk.opens("https://example.org/a"), SUMMARY)
        no_text = await press(desk, await desk.opens(LINK), OTHER, en="", tags="")
        saved = await desk.submits(shown["busy"])

    lines = LINES | {
        "silence": "did not answer within 0.2 s",
        "key": "refuses the key: the operator checks DRAFT_KEY",
        "model": "knows no such address or model",
        "path": "knows no such address or model",
        "host": "cannot be reached",
    }
    assert shown.keys() == lines.keys()
    for name, line in lines.items():
        problem = shown[name].problems["ko"]
        assert line in problem, name
        assert "\n" not in problem
        assert KEY not in problem
        assert (shown[name].values["en"], shown[name].values["tags"]) == ("Mine.", "rl"), name
        assert shown[name].values["ko"] == "", name
        assert shown[name].key == form.key
    assert "abstract of this paper is not known" in nothing.problems[""]
    assert "Write one language first" in no_text.problems[""]
    assert isinstance(saved, Document)


async def test_what_a_model_writes_is_harmless_text_within_the_field() -> None:
    async with staged() as stage:
        desk = stage.desk()
        stage.service.text = (
            "# Summary\n```\n> quoted <@U123> <!channel> [[Other Note]]\n```\n\n- <english>one\n"
            "[draft] \u202etwo\n---\n#tag\n" + "매우 긴 글 😀 " * 2_000
        )

        form = await press(desk, await desk.opens(LINK), SUMMARY)
        text = form.values["ko"].removeprefix("[draft]\n")
        saved = await desk.submits(form, ko=text)

    assert text.splitlines()[:5] == ["Summary", "", "quoted   Other Note", "", "one"]
    assert not {"<", "[draft]", "[[", "\u202e", "```", "#"} & {*text.split(), *text}
    assert len(form.values["ko"].encode("utf-16-le")) // 2 <= TEXT_MOST
    assert isinstance(saved, Document)


async def test_what_is_typed_meanwhile_stays() -> None:
    async with staged() as stage:
        desk = stage.desk()
        form, other = await desk.opens(LINK), await desk.opens("2602.00002 *B*")

        beside = await stage.press_and_type(desk, form, SUMMARY, en="Typed meanwhile.")
        same = await stage.press_and_type(desk, other, OTHER, ko="내 글", en="Mine.")

    assert beside.values["en"] == "Typed meanwhile."
    assert beside.values["ko"].startswith("[draft]")
    assert same.values["ko"] == "내 글"
    assert "left out" in same.remarks["ko"]


async def test_a_days_budget_is_that_of_all_processes() -> None:
    async with staged() as stage:
        one, other = stage.desk(budget=2), stage.desk(budget=2)
        form = await one.opens(LINK)
        stage.service.fault = "busy"

        shown = [await press(desk, form, SUMMARY) for desk in (one, other, one, other)]
        one.clock.turn(seconds=24 * 3600)
        stage.service.fault = ""
        tomorrow = await press(one, form, SUMMARY)

    assert len(stage.service.asked) == 3
    assert ["used up: 2 a day" in each.problems["ko"] for each in shown] == [
        False,
        False,
        True,
        True,
    ]
    assert tomorrow.values["ko"].startswith("[draft]")


async def test_discord_offers_the_other_language_before_a_note_is_saved() -> None:
    async with staged() as stage:
        in_slack, in_discord = stage.desk(), stage.desk("discord:11")
        without = Desk(stage.db)
        await in_discord.subscribe()

        offered = await in_discord.submits(await in_discord.opens(LINK), ko="글")
        # The button below the message: with what is stored of the form.
        as_it_is = replace(in_discord.filled(offered), values={})  # type: ignore[arg-type]
        saved = [await in_discord.inbox.submit_form(as_it_is) for _ in range(2)]
        elsewhere = await in_slack.submits(await in_slack.opens("2602.00002 *B*"), ko="글")
        off = await without.opens("2602.00003 *C*")
        refused = await press(without, off, SUMMARY)

    assert isinstance(offered, Form)
    assert [action.name for action in offered.actions] == [OTHER]
    assert "there is no text" in offered.remarks["en"]
    assert [words(each) for each in saved if isinstance(each, Document)] == [
        "Saved: A Paper on Reasoning"
    ] * 2
    assert isinstance(elsewhere, Document)
    assert "there is no text" in words(elsewhere)
    assert off.actions == ()
    assert "DRAFT_URL" in refused.problems[""]
