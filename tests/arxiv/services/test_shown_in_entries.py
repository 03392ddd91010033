"""What arXiv brought, where people see it: an entry's page, /paper new, /digest status."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.archive.domain.entry import EntryId
from bot.archive.store import entry_changes
from bot.arxiv.domain.candidates import Example, Judgement, Likeness, NewPaper
from bot.arxiv.domain.present_record import paper_lines
from bot.arxiv.services.candidates import Refreshed, follow, learn, list_ranked, refresh
from bot.cli.output.text import render
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.domain.errors import RankerError
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, Command, MessageRef, Platform, User
from bot.discussion.services.entry_page import show
from bot.reactions.store import reactions
from bot.reactions.store.reactions import Given
from tests.arxiv.stage import Stage, staged
from tests.fakes.arxiv import FaultKind, Paper
from tests.waiting import HANGING

MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
CHANNEL = ChannelRef(Platform.WEB, "", "general")
VOICES = Catalogues()
NOTE = "https://arxiv.org/abs/2501.{n:05}\n\n*Noted {n}* (Ada Example)\n\n생각 {n}.\n\n#rl\n"


class ByLength:
    """A ranker that likes long texts; it remembers what it was given to learn."""

    def __init__(self) -> None:
        self.picked: Sequence[Example] = ()
        self.passed: Sequence[Example] = ()
        self.trainings = 0

    async def train(self, picked: Sequence[Example], passed: Sequence[Example]) -> None:
        self.picked, self.passed = picked, passed
        self.trainings += 1

    async def judge(self, new_papers: Sequence[NewPaper]) -> tuple[Judgement, ...]:
        nearest = tuple(
            Likeness(example.entry_id, 0.5) for example in self.picked[:2] if example.entry_id
        )
        return tuple(
            Judgement(each.number, float(len(each.text)), ("long", "text"), nearest)
            for each in new_papers
        )


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", MONDAY, read=timedelta(seconds=HANGING)) as made:
        made.world.invents = True
        for n in range(1, 13):
            await made.write(f"25010{n % 9 + 1} Note {n}", NOTE.format(n=n))
        made.world.announce(MONDAY.date(), *(paper(n) for n in range(1, 16)))
        await made.round()
        yield made


def paper(n: int) -> Paper:
    return Paper(f"2611.{n:05}", f"Fresh {n}", abstract="word " * n, categories=("cs.LG",))


async def ask(
    stage: Stage, name: str, locale: str = "en", /, *, by: str = "u1", **options: str
) -> str:
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    desk = DigestContext(
        stage.db, stage.time, ZoneInfo("UTC"), check, lambda: None, categories=stage.categories
    )
    person = User(by, "Reader", can_manage=True)
    answer = await Bot(desk, voices=VOICES).command(Command(name, options, person, CHANNEL, locale))
    return render(answer)


async def test_new_papers_come_with_reasons_page_by_page(stage: Stage):
    ranker = ByLength()
    judged = (await refresh(stage.db, ranker, now=stage.time())).judged

    first = await ask(stage, "paper", query="new")
    second = await ask(stage, "paper", query="NEW", page="2")

    assert judged == 15
    assert first.index("Fresh 15") < first.index("Fresh 14") < first.index("Fresh 6")
    assert "Fresh 5" not in first
    assert "reasons: long, text" in first
    assert "similar: Noted" in first
    assert "#rl" in first
    assert "Fresh 5" in second


async def test_a_paper_that_is_not_for_somebody_is_ranked_lower_once_a_person(stage: Stage):
    await refresh(stage.db, ByLength(), now=stage.time())
    unwanted = "not-for-us 2611.00015"

    for number in (1, *range(1, 30)):
        await ask(stage, "paper", query=unwanted, by=f"u{number}")
    told = await ask(stage, "paper", query=unwanted, by="u29")
    again = await ask(stage, "paper", query=f"{unwanted} undo", by="u29")
    shown = await ask(stage, "paper", query="new")

    assert "ranked lower" in told
    assert f"/paper {unwanted} undo" in told
    assert "Taken back" in again
    assert "/paper not-for-us 2611.00015" in shown
    assert "not for us: 28 people (−1)" in shown  # at most four of them count
    assert shown.index("Fresh 15") < shown.index("Fresh 14")  # a longer text is worth five
    assert "is no new paper" in await ask(stage, "paper", query="not-for-us 2501.00001")
    assert "2502.01456" in await ask(stage, "paper", query="not-for-us this")
    for number in range(1, 30):
        await ask(stage, "paper", query="forget-me confirm", by=f"u{number}")
    assert "(−" not in await ask(stage, "paper", query="new")


async def test_candidates_of_one_score_are_parted_by_who_does_not_want_them(stage: Stage):
    class Same(ByLength):
        async def judge(self, new_papers: Sequence[NewPaper]) -> tuple[Judgement, ...]:
            return tuple(Judgement(each.number, 0.5, (), ()) for each in new_papers)

    await refresh(stage.db, Same(), now=stage.time())

    await ask(stage, "paper", query="관심없음 2611.00001")
    ranking = await list_ranked(stage.db, per_page=20)

    assert ranking.found[-1].candidate.item.id.number == "2611.00001"
    assert [each.candidate.unwanted for each in ranking.found] == [0] * 14 + [1]


async def test_what_people_like_and_do_not_want_weighs_in_training(stage: Stage):
    async with stage.db.transaction() as tx:
        row = await tx.one("SELECT id FROM entry WHERE title = 'Noted 9'")
        assert row is not None
        liked = EntryId(row["id"])
        for person in ("web:a", "web:b", "web:c"):
            given = Given(MessageRef(CHANNEL, "1"), person, "👍")
            await reactions.put(tx, given, liked, is_there=True, at=stage.time())
    await ask(stage, "paper", query="not-for-us 2611.00002")
    ranker = ByLength()

    await refresh(stage.db, ranker, now=stage.time())

    weights = {each.entry_id: each.weight for each in ranker.picked}
    others = [weight for entry_id, weight in weights.items() if entry_id != liked]
    assert round(weights[liked] / max(others), 1) == 2.0
    assert 0.25 < min(others) <= max(others) < 0.3  # they are nearly two years old
    assert {each.number: each.weight for each in ranker.passed if each.weight != 1} == {
        "2611.00002": 2.0
    }
    assert "(3 likes, weight with its age 0.5" in await ask(stage, "paper", query="new")


async def test_pages_and_days_of_new_papers_lead_to_each_other(stage: Stage):
    stage.world.announce(date(2026, 11, 17), *(paper(n) for n in range(31, 34)))
    stage.time.now = datetime(2026, 11, 17, 6, tzinfo=UTC)
    await stage.round()

    newest = await ask(stage, "paper", query="new")
    monday = await ask(stage, "paper", query="new 2026-11-16")
    second = await ask(stage, "paper", query="new 2026-11-16", page="2")

    assert "Fresh 31" in newest
    assert "/paper new 2026-11-16" in newest
    assert "page:" not in newest
    assert "Fresh 1 " in monday.replace("\n", " ")
    assert "/paper new 2026-11-16 page:2" in monday
    assert "Fresh 15" in second
    assert "/paper new 2026-11-16\n" in second


async def test_words_that_begin_with_new_are_looked_up(stage: Stage):
    await stage.write("250109 Odd", "https://arxiv.org/abs/2501.00099\n\n*New methods*\n\n새.\n")

    assert "New methods" in await ask(stage, "paper", query="new methods")


@pytest.mark.parametrize("page", ["3", "99"])
async def test_a_page_that_is_not_there_leads_to_the_last_one(stage: Stage, page: str):
    shown = await ask(stage, "paper", query="new", page=page)

    assert f"no page {page}" in shown
    assert "/paper new 2026-11-16 page:2" in shown
    assert f"page:{int(page) - 1}" not in shown or page == "3"


async def test_when_every_new_paper_has_an_entry_that_is_said(stage: Stage):
    for n in range(1, 16):
        await stage.write(f"261116 Picked {n}", f"https://arxiv.org/abs/2611.{n:05}\n\n골랐다.\n")

    shown = await ask(stage, "paper", query="new")

    assert "Every new paper of 16 November 2026 has an entry" in shown


@pytest.mark.parametrize(
    ("at", "asked", "words"),
    [
        (datetime(2026, 11, 17, 6, tzinfo=UTC), "new", "Today's papers are not here yet"),
        (datetime(2026, 11, 17, 15, tzinfo=UTC), "new", "Today's papers are late"),
        (datetime(2026, 11, 21, 6, tzinfo=UTC), "new", "arXiv lists none on weekends"),
        (datetime(2026, 11, 27, 15, tzinfo=UTC), "new", "it is a holiday at arXiv"),
        (datetime(2026, 11, 17, 6, tzinfo=UTC), "new 2026-11-15", "No papers of 15 November 2026"),
        (datetime(2026, 11, 17, 6, tzinfo=UTC), "new 2026-11-12", "no list of 12 November 2026"),
        (datetime(2026, 11, 17, 6, tzinfo=UTC), "new 2026-11-19", "has not come yet"),
    ],
)
async def test_why_a_day_has_no_papers_is_said(stage: Stage, at: datetime, asked: str, words: str):
    stage.time.now = at
    await stage.round()

    shown = await ask(stage, "paper", query=asked)
    korean = await ask(stage, "paper", "ko", query=asked)

    assert words in shown
    assert "arXiv" in korean or "아직" in korean
    assert ("Fresh 1" in shown) == (asked == "new")  # the newest day there is comes all the same


async def test_that_arxiv_is_not_asked_is_said(stage: Stage):
    await stage.round()
    stage.categories = ()

    assert "This bot does not ask arXiv" in await ask(stage, "paper", query="new")


async def test_late_papers_belong_to_their_day_and_are_scored_and_counted(stage: Stage):
    # The bot sleeps through Tuesday.
    stage.world.add(
        Paper(
            "2611.00040",
            "Lost and found",
            abstract="word " * 40,
            submitted_at=datetime(2026, 11, 16, 15, tzinfo=UTC),
        )
    )
    stage.world.announce(date(2026, 11, 18), paper(31))
    stage.time.now = datetime(2026, 11, 18, 6, tzinfo=UTC)
    await stage.round()
    await refresh(stage.db, ByLength(), now=stage.time())

    newest = await ask(stage, "paper", query="new")
    tuesday = await list_ranked(stage.db, day=date(2026, 11, 17))

    assert "Lost and found" not in newest
    assert "1 paper of 17 November 2026 arrived late" in newest
    assert "/paper new 2026-11-17" in newest
    (found,) = tuesday.found
    assert found.candidate.item.title == "Lost and found"
    assert found.candidate.judgement is not None


async def test_papers_that_came_weeks_late_are_judged(stage: Stage):
    stage.world.add(
        Paper("2611.00040", "Lost", submitted_at=datetime(2026, 11, 16, 15, tzinfo=UTC))
    )
    stage.time.now = datetime(2026, 11, 30, 6, tzinfo=UTC)
    stage.world.announce(date(2026, 11, 30), paper(31))
    await stage.round()
    await refresh(stage.db, ByLength(), now=stage.time())

    (found,) = (await list_ranked(stage.db, day=date(2026, 11, 17))).found
    assert found.candidate.judgement is not None


async def test_without_ranking_new_papers_come_as_arxiv_lists_them(stage: Stage):
    shown = await ask(stage, "paper", query="new")

    assert shown.index("Fresh 1") < shown.index("Fresh 2")
    assert "in arXiv's order" in shown


async def test_a_paper_that_was_noted_is_no_candidate_any_more(stage: Stage):
    before = await list_ranked(stage.db)
    await stage.write("261116 Picked", "https://arxiv.org/abs/2611.00003\n\n골랐다.\n")
    after = await list_ranked(stage.db)

    assert (before.total, after.total) == (15, 14)
    assert "2611.00003" not in {each.candidate.item.id.number for each in after.found}


async def test_while_arxiv_hangs_people_are_answered(stage: Stage):
    stage.time.pass_by(days=1)
    stage.arxiv.arrived.clear()
    stage.arxiv.fail(FaultKind.HANGS, value="600", times=9)

    async with asyncio.TaskGroup() as group:
        asking = group.create_task(stage.round())
        await stage.arxiv.arrived.wait()
        found = await ask(stage, "paper", query="rl")
        fresh = await ask(stage, "paper", query="new")
        day = await ask(stage, "digest", what="2025-01-02")
        was_asking = not asking.done()
        asking.cancel()

    assert was_asking
    assert "Noted" in found
    assert "Fresh" in fresh
    assert "Noted" in day


async def test_no_new_papers_is_said(tmp_path: Path):
    async with staged(tmp_path / "vault", MONDAY) as empty:
        assert "has not asked arXiv yet" in await ask(empty, "paper", query="new")


async def test_it_learns_once_a_night_and_judges_anew(stage: Stage):
    ranker = ByLength()
    for _ in range(3):
        await refresh(stage.db, ranker, now=stage.time())
    stage.time.pass_by(days=1)
    judged = (await refresh(stage.db, ranker, now=stage.time())).judged

    assert ranker.trainings == 2
    assert judged == 15


async def test_what_was_learnt_and_lost_is_learnt_again(stage: Stage):
    await refresh(stage.db, ByLength(), now=stage.time())
    stage.world.announce(date(2026, 11, 16), Paper("2611.00050", "Later", categories=("cs.CL",)))
    stage.time.pass_by(minutes=95)
    await stage.round()

    class Forgetful(ByLength):
        async def judge(self, new_papers: Sequence[NewPaper]) -> tuple[Judgement, ...]:
            if not self.trainings:
                raise RankerError("no such file")
            return await ByLength.judge(self, new_papers)

    forgetful = Forgetful()

    assert await refresh(stage.db, forgetful, now=stage.time()) == Refreshed(16)
    assert forgetful.trainings == 1


class Tired(ByLength):
    """A ranker that cannot learn any more, and judges by what it learnt before."""

    def __init__(self, fresh: ByLength) -> None:
        super().__init__()
        self.picked = fresh.picked
        self.asked = 0
        self.is_tired = True

    async def train(self, picked: Sequence[Example], passed: Sequence[Example]) -> None:
        self.asked += 1
        if self.is_tired:
            raise RankerError("The ranking took longer than {minutes} minutes", minutes=10)
        await super().train(picked, passed)


async def test_where_learning_fails_what_was_learnt_before_serves(stage: Stage):
    fresh = ByLength()
    await refresh(stage.db, fresh, now=stage.time())
    stage.time.pass_by(days=1)
    stage.world.announce(stage.time().date(), Paper("2611.00050", "Later", categories=("cs.CL",)))
    await stage.round()

    done = await refresh(stage.db, Tired(fresh), now=stage.time())

    ranking = await list_ranked(stage.db)
    assert done.judged == 1
    assert str(done.stale) == "The ranking took longer than 10 minutes"
    assert ranking.on == date(2026, 11, 17)
    assert ranking.found[0].candidate.judgement is not None
    assert ranking.learnt_from == 12


async def test_a_score_stays_until_a_new_one_replaces_it(stage: Stage):
    await refresh(stage.db, ByLength(), now=stage.time())
    stage.time.pass_by(days=1)

    class Dumb(ByLength):
        async def judge(self, new_papers: Sequence[NewPaper]) -> tuple[Judgement, ...]:
            raise RankerError(f"nothing about {len(new_papers)} papers")

    with pytest.raises(RankerError):
        await refresh(stage.db, Dumb(), now=stage.time())

    assert (await list_ranked(stage.db)).learnt_from == 12


async def test_an_answer_without_some_papers_is_none(stage: Stage):
    class Forgetful(ByLength):
        async def judge(self, new_papers: Sequence[NewPaper]) -> tuple[Judgement, ...]:
            return (*(await super().judge(new_papers))[1:], Judgement("2699.99999", 1, (), ()))

    with pytest.raises(RankerError, match="left papers out"):
        await refresh(stage.db, Forgetful(), now=stage.time())


async def test_a_clock_that_was_set_back_judges_once(stage: Stage):
    await refresh(stage.db, ByLength(), now=stage.time())
    stage.world.announce(date(2026, 11, 16), Paper("2611.00050", "Later", categories=("cs.CL",)))
    stage.time.pass_by(minutes=95)
    await stage.round()

    done = await refresh(stage.db, ByLength(), now=MONDAY.replace(hour=5))

    assert done == Refreshed(1)


async def test_a_training_error_is_reported_once_and_retried_in_an_hour(
    stage: Stage, caplog: pytest.LogCaptureFixture
):
    fresh = ByLength()
    await refresh(stage.db, fresh, now=stage.time())
    stage.time.pass_by(days=1)
    tired = Tired(fresh)
    told: list[str] = []

    async def sleep(seconds: float) -> None:
        await stage.time.sleep(seconds)
        tired.is_tired = len(told) < 20
        if len(told) == 30:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await follow(
            stage.db,
            tired,
            clock=stage.time,
            sleep=sleep,
            tell=lambda trouble: told.append(str(trouble or "")),
        )

    # Every five minutes for 150, learning tried at once, after an hour, and after two.
    assert tired.asked == 3
    assert tired.trainings == 1
    assert ["minutes" in each for each in told] == [True] * 24 + [False] * 6
    assert [each.message for each in caplog.records if "not ranked" in each.message] == [
        "new papers are not ranked, or by an older model: The ranking took longer than 10 minutes"
    ]


async def test_what_the_curator_withdrew_is_no_reason(stage: Stage):
    await stage.write("250101 Note 9", NOTE.format(n=9).replace("#rl", "#gone"))
    await refresh(stage.db, ByLength(), now=stage.time())
    before = await list_ranked(stage.db)
    async with stage.db.transaction() as tx:
        gone = [each.id for each in before.found[0].nearest if "9" in each.entry.paper.title]
        await entry_changes.withdraw(tx, gone, now=stage.time())

    after = await list_ranked(stage.db)

    assert "gone" in before.found[0].candidate.tags
    assert after.found[0].candidate.tags == ("rl",)
    titles = [each.entry.paper.title for each in after.found[0].nearest]
    assert len(before.found[0].nearest) == 2
    assert len(titles) == 1
    assert "Noted 9" not in titles


async def test_it_learns_from_what_was_noted_against_what_was_passed_over(stage: Stage):
    await stage.write("261116 Picked", "https://arxiv.org/abs/2611.00003\n\n골랐다.\n")
    await stage.round()
    ranker = ByLength()
    await learn(stage.db, ranker, now=stage.time())

    picked = {example.number for example in ranker.picked}
    passed = {example.number for example in ranker.passed}
    assert len(picked) == 13
    assert "2611.00003" in picked
    assert len(passed) == 14
    assert not picked & passed


async def test_too_little_to_learn_from_starts_nothing(tmp_path: Path):
    async with staged(tmp_path / "vault", MONDAY) as empty:
        ranker = ByLength()
        with pytest.raises(RankerError, match="at least 10"):
            await refresh(empty.db, ranker, now=empty.time())

    assert ranker.trainings == 0


async def test_an_entrys_page_shows_the_record_and_the_events_of_its_paper(stage: Stage):
    stage.world.revise("2501.00001", at=MONDAY, abstract="New words")
    stage.time.pass_by(days=7)
    await stage.round()
    stage.world.revise("2501.00001", at=MONDAY, comment="withdrawn")
    stage.time.pass_by(days=7)
    await stage.round()

    page = await show(stage.db, "2501.00001")

    version = page.record.id.version if page.record else 0
    lines = paper_lines(page.record, page.events, ENGLISH)
    assert page.stored.entry.paper.abstract == "New words"
    assert lines[0].startswith(f"arXiv has version {version}, of")
    assert lines[0].endswith("withdrawn from arXiv")
    assert lines[1] == f"23 November 2026: version {version - 1} was published"
    assert lines[2] == "30 November 2026: withdrawn from arXiv"


async def test_a_paper_that_arxiv_does_not_know_has_no_lines(stage: Stage):
    page = await show(stage.db, "2501.00001")

    assert paper_lines(None, page.events, ENGLISH) == ()


async def test_the_digests_status_has_a_line_about_arxiv(stage: Stage):
    await ask(stage, "digest", what="here")

    shown = await ask(stage, "digest", what="status")

    assert "cs.LG: today's papers are here (15)" in shown
    assert "cs.CL: today's papers are expected" in shown


async def test_an_older_day_can_be_asked_for(stage: Stage):
    ranking = await list_ranked(stage.db, day=date(2026, 11, 15))

    assert (ranking.on, ranking.total) == (date(2026, 11, 15), 0)


async def test_hostile_titles_stay_text(stage: Stage):
    stage.world.announce(
        date(2026, 11, 17), Paper("2611.00099", "<!channel> @everyone [x](http://e)", ("A <b>",))
    )
    stage.time.now = datetime(2026, 11, 17, 6, tzinfo=UTC)
    await stage.round()

    ranking = await list_ranked(stage.db)
    assert ranking.found[0].candidate.item.title == "<!channel> @everyone [x](http://e)"
