"""Papers that people link in threads, and papers that the curator refers to."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import EntryId
from bot.archive.store import arxiv_records, title_matches
from bot.arxiv.store import asked_papers
from bot.cli.output.forms import surroundings
from bot.core.domain.document import Items, Link, plain_text
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import MessageRef
from bot.discussion.services import catch_up, entry_page
from bot.discussion.services.library import DatabaseLibrary
from tests.stage import MORNING
from tests.talk_stage import BO, SLACK, TalkStage, talking, today, with_a_paper, words

KNOWN = "2310.07831"
LINK = f"https://arxiv.org/abs/{KNOWN}"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        yield opened


async def with_a_known_paper(stage: TalkStage) -> MessageRef:
    """A paper's thread, and another paper that the curator wrote about before."""
    linked = stage.stage.write("Other", today(stage) - timedelta(days=90), "About something else.")
    linked.write_text(f"{LINK}\n" + linked.read_text(encoding="utf-8"), encoding="utf-8")
    await with_a_paper(stage, SLACK)
    return stage.root(SLACK)


async def at_arxiv(
    stage: TalkStage, *numbers: str, categories: tuple[str, ...] = ("cs.LG",)
) -> None:
    """ArXiv has told about these papers."""
    told = [
        ArxivRecord(
            id=ArxivId(number, 1),
            title=f"Number {number}",
            authors=("Ada Example",),
            abstract="It does the same.",
            categories=categories,
            submitted_at=MORNING,
            updated_at=MORNING,
        )
        for number in numbers
    ]
    async with stage.stage.db.transaction() as tx:
        await arxiv_records.put(tx, told)


def shown(stage: TalkStage, root: MessageRef) -> list[str]:
    return [words(each.document).partition("\n")[0] for each in stage.thread(root)]


async def test_a_paper_that_is_linked_again_gets_no_second_card_for_a_day(stage):
    root = await with_a_known_paper(stage)

    for user in (BO, BO, BO):
        await stage.say(root, f"see {LINK}", user=user)
    on_one_day = shown(stage, root)
    stage.clock.turn(hours=25)
    await stage.say(root, f"once more: {LINK}")

    assert on_one_day == ["Other"]
    assert shown(stage, root) == ["Other", "Other"]


async def test_a_linked_paper_is_asked_for_after_it_turns_out_to_be_no_entrys(stage):
    stage.stage.write("Other", today(stage) - timedelta(days=90), "About something else.")
    await with_a_paper(stage, SLACK)
    other = title_matches.title_key("Other")
    async with stage.stage.db.transaction() as tx:
        await title_matches.decide(tx, other, KNOWN, stage.clock())
    await stage.say(stage.root(SLACK), f"see {LINK}")

    async with stage.stage.db.transaction() as tx:
        await title_matches.decide(tx, other, None, stage.clock())

    async with stage.stage.db.reading() as tx:
        due = await asked_papers.list_due(tx, today(stage), limit=10)
    assert KNOWN in due


async def test_a_link_brings_a_new_card_after_its_card_was_removed(stage):
    root = await with_a_known_paper(stage)
    said = await stage.say(root, f"sea {LINK}")
    await stage.unsay(said)

    await stage.say(root, f"see {LINK}")

    assert shown(stage, root) == ["Other"]


async def test_a_question_that_is_a_paper_gets_one_answer(stage):
    root = await with_a_known_paper(stage)

    await stage.say(root, f"@paperbot {LINK}", mentions_bot=True)
    await catch_up.catch_up(stage.talk)
    await stage.settle()

    assert shown(stage, root) == ["Other"]


async def test_a_paper_that_was_asked_for_needs_no_card_when_somebody_links_it(stage):
    root = await with_a_known_paper(stage)

    await stage.say(root, f"@paperbot {KNOWN}", mentions_bot=True)
    await stage.say(root, f"that is {LINK}", user=BO)

    assert shown(stage, root) == ["Other"]


async def test_the_bots_name_without_a_mention_still_brings_the_card(stage):
    root = await with_a_known_paper(stage)

    await stage.say(root, f"@paperbot {LINK}")

    assert shown(stage, root) == ["Other"]


async def test_a_question_that_is_a_paper_only_arxiv_knows_is_answered_with_what_it_says(stage):
    await with_a_paper(stage, SLACK)
    await at_arxiv(stage, "2501.00009")

    await stage.say(stage.root(SLACK), "@paperbot arXiv:2501.00009", mentions_bot=True)

    assert shown(stage, stage.root(SLACK)) == ["Number 2501.00009"]


async def test_a_paper_without_categories_as_an_import_may_restore_it_gets_its_card(stage):
    await with_a_paper(stage, SLACK)
    await at_arxiv(stage, "2501.00009", categories=())

    await stage.say(stage.root(SLACK), "see arXiv:2501.00009")

    [card] = [words(each.document) for each in stage.thread(stage.root(SLACK))]
    assert card.splitlines()[:2] == ["Number 2501.00009", "Ada Example · arXiv:2501.00009"]


async def test_a_question_that_is_a_paper_nobody_knows_gets_its_card_when_arxiv_has_told(stage):
    await with_a_paper(stage, SLACK)
    await stage.say(stage.root(SLACK), "@paperbot arXiv:2501.00009", mentions_bot=True)

    await at_arxiv(stage, "2501.00009")
    await stage.settle()

    [nothing, card] = shown(stage, stage.root(SLACK))
    assert nothing.startswith("Nothing found")
    assert card == "Number 2501.00009"


async def test_three_of_many_links_get_a_card_and_all_are_stored(stage):
    await with_a_paper(stage, SLACK)
    numbers = [f"2501.{number:05}" for number in range(1, 9)]
    await at_arxiv(stage, *numbers)

    await stage.say(stage.root(SLACK), " ".join(f"arXiv:{number}" for number in numbers))
    await stage.settle()

    assert shown(stage, stage.root(SLACK)) == [f"Number {number}" for number in numbers[:3]]
    page = await DatabaseLibrary(stage.stage.db).find_entry(EntryId(1), all_discussions=True)
    assert page is not None
    titles = [each.reference.title for each in page.linked_in_replies]
    assert titles == [f"Number {number}" for number in numbers]


async def test_papers_that_the_curator_mentions_are_not_listed_as_found_by_readers(stage):
    stage.stage.write("Paper", today(stage), f"After {LINK} this.")
    await stage.stage.sync()
    await stage.subscribe(SLACK)
    await stage.post()

    await stage.say(stage.root(SLACK), f"as in {LINK}")

    page = await DatabaseLibrary(stage.stage.db).find_entry(EntryId(1), all_discussions=True)
    assert page is not None
    assert page.linked_in_replies == ()


async def test_a_reference_shows_its_entrys_beginning_and_links_its_thread(stage):
    def link(message: MessageRef) -> str:
        return f"https://chat.example/{message.id}"

    commentary = "The first of its kind. " + "It goes on for quite a while after that. " * 9
    older = stage.stage.write("Older", today(stage), commentary)
    older.write_text(f"{LINK}\n" + older.read_text(encoding="utf-8"), encoding="utf-8")
    await with_a_paper(stage, SLACK)
    stage.clock.turn(days=1)
    stage.stage.write("Newer", today(stage), f"After {LINK} this.")
    await stage.stage.sync()

    await stage.post(link=link)

    [opening] = stage.thread(stage.root(SLACK, "Newer"))
    [items] = [block for block in opening.document.blocks if isinstance(block, Items)]
    [row] = items.items
    assert plain_text(row.inlines) == "Older"
    gist = plain_text(row.detail).removesuffix(" · its thread")
    assert gist.startswith("The first of its kind. It goes on")
    assert gist.endswith("after that. …")
    assert len(gist) <= 142
    [leading] = [each for each in row.detail if isinstance(each, Link)]
    assert leading.url == link(stage.root(SLACK, "Older"))


async def test_the_shell_shows_what_people_linked_with_titles_where_they_are_known(stage):
    await with_a_known_paper(stage)
    await stage.say(stage.root(SLACK), f"{LINK} and arXiv:2501.00009")

    lines = surroundings(await entry_page.show(stage.stage.db, "2"), say=ENGLISH)

    at = lines.index("Also mentioned in the discussion")
    assert lines[at + 1 : at + 3] == (f"1  arXiv:{KNOWN}  Other", "-  arXiv:2501.00009")


@pytest.mark.parametrize("word", ["abstract", "초록", "refs?", "bib"])
async def test_a_thread_without_a_paper_says_where_to_ask(stage, word):
    await with_a_paper(stage, SLACK)
    digest = MessageRef(SLACK, "a compact digest")

    await stage.say(digest, f"@paperbot {word}", mentions_bot=True)

    [answer] = shown(stage, digest)
    assert answer.startswith("This thread is not about a single paper")
