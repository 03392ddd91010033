"""The search of the archive, the page of an entry, and what both give to scripts."""

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import bibtexparser
import pytest
import rispy
from aiohttp import ClientPayloadError, ClientSession

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.domain.export_format import Format
from bot.archive.services.export import export_text
from bot.core.domain.errors import StorageError
from bot.discussion.services.library import DatabaseLibrary
from bot.lookup.services.selection import chosen
from tests.archive_stage import DAY, an_entry, keep_apart
from tests.databases import throw_away
from tests.platforms.web.stage import FakeLibrary, Stage, staged

DOWNLOADS = {"bib": Format.BIBTEX, "ris": Format.RIS, "json": Format.CSL}


async def get(stage: Stage, path: str, **query: str) -> str:
    headers = {"Accept-Language": "en"}
    async with stage.client.get(stage.url(path), params=query, headers=headers) as response:
        assert response.status == 200
        return await response.text()


async def test_the_archive_has_a_form_that_needs_no_scripts(stage: Stage):
    html = await get(stage, "/papers")

    assert '<form class="search" action="/papers" method="get" role="search"' in html
    assert 'type="search" id="q" name="q"' in html
    async with stage.client.get(stage.url("/papers")) as response:
        assert "form-action 'self'" in response.headers["Content-Security-Policy"]


async def test_a_search_shows_pages_of_papers(stage: Stage):
    first = await get(stage, "/papers", q="Sample")
    second = await get(stage, "/papers", q="Sample", page="2")

    assert "30 papers · Page 1" in first
    assert first.count("<article") == 20
    assert "/papers?q=Sample&amp;page=2" in first
    assert second.count("<article") == 10
    assert "Previous page" in second
    assert "Next page" not in second
    assert 'value="Sample"' in second


async def test_a_page_behind_those_of_a_tag_does_not_deny_the_tag(stage: Stage):
    behind = await get(stage, "/tag/reasoning", page="99")
    unknown = await get(stage, "/tag/nothing")

    assert "There is nothing on page 99: the results end before it." in behind
    assert "No paper has this tag." not in behind
    assert "No paper has this tag." in unknown


async def test_nothing_found_says_what_to_try(stage: Stage):
    html = await get(stage, "/papers", q="#resoning")
    unknown = await get(stage, "/papers", q="2401.00001")

    assert "Nothing found for “#resoning”." in html
    assert 'href="/papers?q=%23reasoning"' in html
    assert "Leave out a filter." in html
    assert 'href="https://arxiv.org/abs/2401.00001"' in unknown


@pytest.mark.parametrize("query", ["date:tomorrow-ish", "auhtor:lee", "-", "a " * 60, "x" * 501])
async def test_a_query_that_cannot_be_answered_is_explained(stage: Stage, query: str):
    html = await get(stage, "/papers", q=query)

    assert "That query cannot be answered" in html


async def test_dates_are_understood_and_what_is_no_filter_is_named(stage: Stage):
    dated = await get(stage, "/papers", q="date:newest")
    strange = await get(stage, "/papers", q="tag:rl")
    title = await get(stage, "/papers", q="Sample paper number 1: on patience")

    assert 'value="date:2025-02-04"' in dated
    assert "“tag:” is not a filter and was searched as a word; you can write #rl." in strange
    assert "is not a filter" not in title


async def test_the_filters_are_explained_with_examples_of_this_archive(stage: Stage):
    html = await get(stage, "/papers")

    assert "/papers?q=%23reasoning%20-%23optimizer" in html
    assert "/papers?q=author%3A%22Ada%20Example%22" in html
    assert "/papers?q=similar%3A2502.00001" in html


@pytest.mark.parametrize(
    "query", ['"><script>alert(1)</script>', "\u202eevil", "\ud800", "%00", "</title><b>"]
)
async def test_a_hostile_query_is_only_text(stage: Stage, query: str):
    html = await get(stage, "/papers", q=query.encode("utf-8", "replace").decode())

    assert "<script>alert" not in html
    assert "<b>" not in html


async def test_suggestions_are_few_and_say_where_titles_lead(stage: Stage):
    async with stage.client.get(stage.url("/api/suggest"), params={"q": "r"}) as response:
        tags = await response.json()
    async with stage.client.get(stage.url("/api/suggest"), params={"q": "Sample"}) as response:
        titles = await response.json()

    assert tags["choices"][0] == {"label": "#reasoning", "value": "#reasoning", "page": None}
    assert len(titles["choices"]) == 10
    assert titles["choices"][0]["page"] == "/entry/1"
    assert titles["announcement"] == "10 suggestions"


@pytest.mark.parametrize("query", ["", "   ", "x" * 501])
async def test_there_are_no_suggestions_for_nothing_and_for_too_much(stage: Stage, query: str):
    async with stage.client.get(stage.url("/api/suggest"), params={"q": query}) as response:
        assert (await response.json())["choices"] == []


async def test_suggestions_are_limited_like_every_request(stage: Stage):
    async with ClientSession() as stranger:
        statuses = []
        while 429 not in statuses:
            async with stranger.get(stage.url("/api/suggest"), params={"q": "r"}) as response:
                statuses.append(response.status)
            assert len(statuses) < 2000


async def test_only_the_operator_finds_all_discussions(stage: Stage):
    strangers = await get(stage, "/papers", q="in:discussion")
    await stage.become_operator()
    operators = await get(stage, "/papers", q="in:discussion")

    assert strangers.count("<article") == 1
    assert operators.count("<article") == 2


async def test_an_entry_has_similar_papers_bibtex_and_its_threads(stage: Stage):
    html = await get(stage, "/entry/1")

    assert "Similar papers" in html
    assert '<a href="/entry/3">' in html
    assert "@misc{arxiv:2502.00001,\n  title = {" in html
    assert "abstract = {" not in html
    assert '<a href="#discussion">Discussion</a>' in html
    assert 'href="/c/general/t/7">Thread in #general</a>' in html


async def test_only_the_operator_sees_threads_of_other_platforms(stage: Stage):
    strangers = await get(stage, "/entry/1")
    await stage.become_operator()
    operators = await get(stage, "/entry/1")

    assert "slack.example" not in strangers
    assert 'href="https://slack.example/p1"' in operators


async def test_the_discussion_of_an_entry_comes_alone_for_open_pages(stage: Stage):
    async with stage.client.get(stage.url("/api/discussion"), params={"entry": "1"}) as response:
        html = (await response.json())["html"]
    async with stage.client.get(stage.url("/api/discussion"), params={"entry": "x"}) as response:
        assert response.status == 404

    assert "Said here" in html
    assert "Said elsewhere" not in html
    assert "Similar papers" not in html


async def test_reference_managers_find_the_paper_on_its_page(stage: Stage):
    html = await get(stage, "/entry/2")
    head = html[: html.index("</head>")]

    tags = re.findall(r'<meta name="citation_([a-z_]+)" content="([^"]*)">', head)
    assert [text for name, text in tags if name == "author"] == [
        *("Example, Ada", "김예시", "Sample, Bo", "Placeholder, Cy", "Stand-In, Di")
    ]
    assert dict(tags) | {"author": "", "abstract": ""} == {
        "title": "Sample paper number 2 on patient machines",
        "author": "",
        "publication_date": "2025/02",
        "publisher": "arXiv",
        "arxiv_id": "2502.00002",
        "doi": "10.48550/arXiv.2502.00002",
        "pdf_url": "https://arxiv.org/pdf/2502.00002",
        "public_url": "https://arxiv.org/abs/2502.00002",
        "abstract": "",
        "keywords": "optimizer",
    }


@pytest.mark.parametrize(
    ("ending", "media_type", "papers"),
    [
        ("bib", "application/x-bibtex", lambda text: bibtexparser.loads(text).entries),
        ("ris", "application/x-research-info-systems", rispy.loads),
        ("json", "application/vnd.citationstyles.csl+json", json.loads),
    ],
)
async def test_an_entry_and_what_a_search_finds_can_be_downloaded(
    stage: Stage, ending: str, media_type: str, papers: Callable[[str], list[object]]
):
    found = {}
    for page in ("/entry/2", "/papers?q=%23optimizer"):
        html = await get(stage, page)
        (path,) = re.findall(rf'href="([^"]*/cite\.{ending}[^"]*)"', html)
        async with stage.client.get(stage.url("") + path) as response:
            assert (response.status, response.content_type) == (200, media_type)
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            found[response.headers["Content-Disposition"]] = papers(await response.text())

    assert {name: len(read) for name, read in found.items()} == {
        f'attachment; filename="entry-2.{ending}"': 1,
        f'attachment; filename="optimizer.{ending}"': 15,
    }


async def test_a_download_has_every_paper_that_is_found_as_an_export_has_it():
    many = 1_050
    papers = [an_entry(f"Paper {n}", arxiv_id=f"2502.{n:05}", en=f"Note {n}.") for n in range(many)]
    again = an_entry("Paper 0", arxiv_id="2502.00000", on=DAY + timedelta(days=9), en="Once more.")
    async with throw_away() as db:
        await keep_apart(db, *papers, again)
        async with staged(library=DatabaseLibrary(db)) as stage:
            got = {}
            for ending, form in DOWNLOADS.items():
                async with stage.client.get(stage.url(f"/papers/cite.{ending}")) as response:
                    got[form] = await response.text()
            async with stage.client.head(stage.url("/papers/cite.bib")) as response:
                assert response.content_type == "application/x-bibtex"
        exported = {
            form: "".join(
                [
                    piece
                    async for piece in export_text(
                        chosen(db, "", as_written=False, by_paper=True), form
                    )
                ]
            )
            for form in DOWNLOADS.values()
        }

    assert got == exported
    keys = re.findall("@misc{(.*),", got[Format.BIBTEX])
    assert len(set(keys)) == len(keys) == many
    assert "  note = {Note 0. Once more.}," in got[Format.BIBTEX]
    assert [each["id"] for each in json.loads(got[Format.CSL])] == keys
    assert re.findall("^ID  - (.*)", got[Format.RIS], re.MULTILINE) == keys


async def test_a_download_that_fails_on_the_way_is_not_taken_for_a_whole_one():
    class Failing(FakeLibrary):
        async def every(self, query: str, **_: object) -> AsyncIterator[StoredEntry]:
            for number in range(300):
                yield StoredEntry(EntryId(number + 1), an_entry(f"{query} {number}"))
            raise StorageError("The disk is gone")

    async with staged(library=Failing()) as stage:
        async with stage.client.get(stage.url("/papers/cite.bib?q=Paper")) as response:
            assert response.status == 200
            with pytest.raises(ClientPayloadError):
                await response.read()
        async with stage.client.get(stage.url("/healthz")) as response:
            assert response.status == 200


async def test_what_cannot_be_downloaded_is_a_page_that_says_so(stage: Stage):
    for path, status in (
        ("/entry/999/cite.bib", 404),
        ("/papers/cite.ris?q=date:tomorrow-ish", 422),
        ("/papers/cite.exe?q=rl", 404),
    ):
        async with stage.client.get(stage.url("") + path) as response:
            assert (response.status, response.content_type) == (status, "text/html")
