r"""What is shown is what is found: one readable text in every chat, on every page, in the index.

Issue 12, item 24.
"""

import json

import pytest

from bot.archive.domain.citations import bibtex
from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.domain.present_entry import LANGUAGES, present_entry
from bot.cli.output import text
from bot.core.database.database import Database, Engine
from bot.core.domain.i18n import ENGLISH
from bot.core.store import key_value
from bot.lookup.domain.present_lookup import present_results
from bot.lookup.services.completion import complete
from bot.operations.services.reindex import bring_up_to_date
from bot.platforms.discord.rendering.render import render as render_discord
from bot.platforms.discord.rendering.render import thread_name
from bot.platforms.slack.rendering.render import render as render_slack
from bot.platforms.web.rendering.render import render as render_web
from tests.archive_stage import an_entry, check_index, found, keep_apart

say = ENGLISH


ENTRY = an_entry(
    r"Fr\'echet Means by {\L}ukasz: $\alpha_t$ and H$_2$O",
    authors=(r"Erd\H{o}s, P\'al", r"S{\o}ren \v{C}ech", "홍 길동"),
    abstract=r"Na\"{\i}ve Gar\c{c}ons",
    ko="강화 학습을 한다",
    tags="rl",
)


@pytest.mark.parametrize(
    "query",
    [
        "Fréchet", "frechet", r"Fr\'echet", "Łukasz", "lukasz", "αₜ", "alpha", "H₂O", "h2o",
        "author:erdos", "author:Erdős", r"author:Erd\H{o}s", "author:soren", "author:cech",
        "author:홍길동", 'author:"홍 길동"', "naive", "naïve", "garcons", "강화학습", "강화학습을",
        "강화 학습", "ｆｒéｃｈｅｔ", "fre\u00adchet", "fre\u200bchet",
    ],
)  # fmt: skip
async def test_an_entry_is_found_by_what_is_shown_of_it(db: Database, query: str):
    await keep_apart(db, ENTRY, an_entry("Another paper"))

    assert await found(db, query) == [ENTRY.paper.title]


@pytest.mark.parametrize("query", ["echet", "author:H", "습한", "author:길동홍"])
async def test_an_entry_is_not_found_by_what_is_not_shown(db: Database, query: str):
    await keep_apart(db, ENTRY)

    assert await found(db, query) == []


def shown_everywhere() -> dict[str, str]:

    stored = StoredEntry(EntryId(1), ENTRY)
    documents = {
        "entry": present_entry(stored, languages=LANGUAGES, say=say, detailed=True),
        "list": present_results(
            "x", [stored], page=1, per_page=10, more=False, total=1, languages=(), say=say
        ),
    }
    shown: dict[str, str] = {}
    for name, document in documents.items():
        slack = render_slack(document, mark="m")
        discord = render_discord(document)
        shown |= {
            f"slack {name}": json.dumps([(p.text, p.blocks) for p in slack], ensure_ascii=False),
            f"discord {name}": repr(discord),
            f"web {name}": str(render_web(document)),
            f"terminal {name}": text.render(document),
        }
    shown["discord thread"] = thread_name(documents["entry"])
    return shown


@pytest.mark.parametrize("place", sorted(shown_everywhere()))
def test_no_accent_is_shown_raw(place: str):
    shown = shown_everywhere()[place]

    assert "Fréchet Means by Łukasz: αₜ and H₂O" in shown
    for raw in (r"\'", r"\H", r"{\L}", r"\v", r"\c", r"\alpha"):
        assert raw not in shown.replace("\\\\", "\\")
    if place.endswith("entry"):
        assert "Erdős, Pál" in shown
        assert "Naïve Garçons" in shown


def test_a_bibliography_has_the_letters_themselves():
    written = bibtex.write([ENTRY])

    assert "Fréchet Means by Łukasz" in written
    assert "Erdős, Pál and" in written
    assert "Søren Čech" in written


async def test_what_is_offered_is_what_is_shown(db: Database):
    await keep_apart(db, ENTRY)

    assert [c.value for c in await complete(db, "author:erd")] == ['author:"Erdős, Pál"']
    assert [c.value for c in await complete(db, "author:sor")] == ['author:"Søren Čech"']
    (title,) = await complete(db, "frech")
    assert title.label.startswith("Fréchet Means by Łukasz")


async def _as_before(db: Database) -> None:
    """The index as an earlier version made it: with the texts as they were written."""
    vectors = ", words = ''" if db.engine is Engine.POSTGRESQL else ""
    async with db.transaction() as tx:
        await tx.run("DELETE FROM key_value WHERE name = 'search index'")
        await tx.run(
            "UPDATE search_text SET title = (SELECT title FROM entry AS e WHERE e.newness = "
            f"search_text.newness), authors = ''{vectors}"
        )


async def test_an_older_database_is_indexed_anew(db: Database):
    await keep_apart(db, ENTRY, *(an_entry(f"Paper {n}", tags="moe") for n in range(30)))
    await _as_before(db)
    assert await found(db, "frechet") == []

    assert await bring_up_to_date(db)

    assert await found(db, "frechet #rl") == [ENTRY.paper.title]
    assert await found(db, "author:soren") == [ENTRY.paper.title]
    assert len(await found(db, "paper #moe")) == 30
    await check_index(db)


async def test_indexing_anew_goes_on_where_it_was_cut_short(db: Database):
    await keep_apart(db, *(an_entry(f"Paper {n} Fr\\'echet") for n in range(7)))
    await _as_before(db)
    found_so_far = []

    while not await bring_up_to_date(db, most=2, at_once=2):
        found_so_far.append(len(await found(db, "frechet")))

    assert found_so_far == [2, 4, 6, 7]
    async with db.transaction() as tx:
        await key_value.put(tx, "search index", "1")  # what an earlier version noted
    assert await bring_up_to_date(db, most=1, at_once=1) is False
    assert await bring_up_to_date(db) is True
