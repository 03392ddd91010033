"""The search of the static site finds what the running bot finds (issue 18, item 1)."""

import random
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.archive.domain.entry import EntryId, Language, StoredEntry, tag_slug
from bot.archive.domain.search.segment import runs
from bot.archive.services.import_files import import_files
from bot.core.database.database import Database
from bot.core.database.sqlite.words import words
from bot.core.latex import readable
from bot.graph.services.show_graph import GraphReader
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import sole_word
from bot.lookup.services.lookup import look_up
from bot.site.domain.sheets import plan
from bot.site.services.read_archive import read_archive
from tests.archive.domain.test_arxiv_id import SHAPES
from tests.archive_stage import NOW, an_entry, keep
from tests.browser import browsing
from tests.databases import throw_away
from tests.site.test_site import written

KOREAN, OTHER = 150, 100
"""Queries of words in the samples."""
WRITTEN = (
    "Fréchet", "ﬁne-tuning", "ＧＰＴ", "Łukasz Straße", "H₂O αₜ", "BERT™ 학습", "강화學習을", "İstanbul",
    "a·b", "don't", "ㅋㅋ", "ア・イ", "C++ 17", "가", "각", "é̂",
)  # fmt: skip
QUERIES = (
    "이미지생성", "이미지 생성", '"이미지 생성"', "문제에대한", "있지않을까", "강화학습", "강화 학습", '"강화 학습"', "언어모델", '"언어 모델"', "transformer를", "을", "그 것", "#rl -모델",
    "-#transformer", "-transformer", '"attention is all"', "attention -모델", "author:lee", "author:wang",
    "#transformer", "gan", "Reasoning", "reward 모델", "2103.14877", "diffusion model", '"diffusion model"',
)  # fmt: skip

FIND = """async (queries) => {
  const all = [];
  for (const query of queries) {
    const found = [];
    for await (const entry of paperbotSearch.find(query)) found.push(entry);
    all.push(found);
  }
  return all;
}"""


def _queries(entries: tuple[StoredEntry, ...]) -> list[str]:
    chance = random.Random(7)
    korean: set[str] = set()
    other: set[str] = set()
    for stored in entries:
        for text in stored.entry.paragraphs(Language.KO):
            korean.update(re.findall("[가-힣]{1,8}", text))
        other.update(re.findall("[A-Za-z]{3,}", stored.entry.paper.title))
    return [*chance.sample(sorted(korean), KOREAN), *chance.sample(sorted(other), OTHER), *QUERIES]


def _only(query: str) -> str:
    return tag_slug(sole_word(parse(query)) or "")


async def _live(db: Database, query: str, places: dict[EntryId, int]) -> set[int]:
    found = await look_up(db, query, per_page=len(places))
    return {places[stored.id] for stored in found.entries}


@pytest.mark.browser
async def test_the_search_of_the_site_finds_what_the_bot_finds(
    chromium: str, tmp_path: Path, shared: Path
):
    samples = [shared / "samples" / "vault", shared / "samples" / "digests"]
    async with throw_away() as db:
        await import_files(db, samples, now=NOW)
        await written(db, tmp_path / "site", base=None, languages=(Language.KO,))
        archive = await read_archive(db)
        # The map of the site is that of the bot, too.
        assert plan(archive, readable=readable).graph == await GraphReader(db).read()
        entries = archive.entries
        places = {stored.id: place for place, stored in enumerate(entries)}
        queries = _queries(entries)
        live = [await _live(db, query, places) for query in queries]
    texts = [*WRITTEN, *(each.entry.paper.title for each in entries)]
    texts += ["\n".join(each.text for each in stored.entry.commentary) for stored in entries]
    async with browsing(chromium) as browser:
        page = await browser.new_page()
        await page.goto((tmp_path / "site" / "ko" / "index.html").as_uri())
        found = await page.evaluate(FIND, queries)
        spelled = await page.evaluate("(those) => those.map(paperbotSearch.words)", texts)

    same = [words(runs(text)) for text in texts]
    assert [pair for pair in zip(texts, spelled, same, strict=True) if pair[1] != pair[2]] == []
    assert all(live[:KOREAN])
    missed = {q: wanted - set(got) for q, wanted, got in zip(queries, live, found, strict=True)}
    assert {query: left for query, left in missed.items() if left} == {}
    # An only word that is a tag means the tag to the bot; the site shows what has the word as well.
    more = {q: set(got) - wanted for q, wanted, got in zip(queries, live, found, strict=True)}
    tags = {tag for stored in entries for tag in stored.entry.tags}
    assert {query for query, left in more.items() if left and _only(query) not in tags} == set()


@pytest.mark.browser
async def test_a_paper_is_found_by_every_shape_of_its_id(chromium: str, tmp_path: Path):
    shapes = {written: meant.partition("v")[0] for written, meant in SHAPES if " " not in written}
    shapes |= {
        "hep-th/9901001": "hep-th/9901001",
        "HEP-TH/9901001v2": "hep-th/9901001",
        "http://export.arxiv.org/pdf/hep-th/9901001v1": "hep-th/9901001",
        "https://www.arxiv.org/abs/2501.00001v2": "2501.00001",
        "https://arxiv.org/abs/2501.00001?context=cs.LG#abstract": "2501.00001",
        "(2501.00001)": "",
        '"hep-th/9901001"': "",
        "hep-th/99010012": "",
        "https://example.org/abs/2501.00001": "",
    }
    numbers = sorted({number for number in shapes.values() if number})
    papers = [
        an_entry(f"Paper {n}", arxiv_id=number, path=f"{n}.md") for n, number in enumerate(numbers)
    ]
    async with throw_away() as db:
        await keep(db, *papers)
        await written(db, tmp_path / "site", base=None)
        entries = (await read_archive(db)).entries
    async with browsing(chromium) as browser:
        page = await browser.new_page()
        await page.goto((tmp_path / "site" / "index.html").as_uri())
        found = await page.evaluate(FIND, list(shapes))

    of = [stored.entry.paper.arxiv_id for stored in entries]
    named = [[of[place].number for place in places if of[place]] for places in found]
    wanted = [[number] if number else [] for number in shapes.values()]
    assert dict(zip(shapes, named, strict=True)) == dict(zip(shapes, wanted, strict=True))


@pytest.mark.browser
async def test_a_reader_searches_by_keyboard_in_the_folder(chromium: str, tmp_path: Path):
    many = [
        an_entry(f"Paper {n}", ko="보상 모델을 학습한다", en="We train.", path=f"{n}.md")
        for n in range(25)
    ]
    async with throw_away() as db:
        await keep(db, an_entry("<b>보상 모델</b>", ko="<i>", tags="rl", path="a.md"), *many)
        await written(db, tmp_path / "site", base=None)
    async with browsing(chromium) as browser:
        page = await browser.new_page()
        await page.goto((tmp_path / "site" / "index.html").as_uri())
        await page.keyboard.press("/")
        await page.keyboard.type("보상모델")
        await page.keyboard.press("Enter")

        found = page.locator("#found article")
        await expect(found).to_have_count(20)
        await expect(found.first.locator("h3")).to_have_text("<b>보상 모델</b>")
        await page.get_by_role("button", name="논문 더 보기").click()
        await expect(page.locator("#found-heading")).to_have_text("찾은 논문: 26편")
        await found.last.get_by_role("link").click()
        await expect(page.locator("h1")).to_contain_text("Paper")

        await page.goto((tmp_path / "site" / "en" / "index.html").as_uri() + "?q=nowhere%24%26")
        await expect(page.locator("#found-heading")).to_have_text("Nothing found for “nowhere$&”.")
        await page.goto((tmp_path / "site" / "en" / "index.html").as_uri() + "?q=cites:2501.00001")
        await expect(page.locator("#found-heading")).to_contain_text(
            "“cites:” is not searched here"
        )
