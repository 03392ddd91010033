"""The static site (issue 18, item 1): complete, valid, the same for the same archive."""

import fcntl
import json
import os
import random
import re
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.app.site import write_site
from bot.archive.domain.entry import Commentary, Entry, EntryId, Language
from bot.archive.domain.search.search_text import indexed_text
from bot.archive.services.import_files import import_files
from bot.archive.store import entry_changes, sources
from bot.archive.store.entry_changes import IndexedEntry
from bot.channels.store import channel_preferences
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.core.database.database import Database, opened
from bot.core.domain.errors import UsageError
from bot.core.latex import readable
from bot.core.ports import MessageRef, parse_channel
from bot.discussion.store import replies
from bot.site.domain.manifest import NAME
from bot.site.services.write_folder import Written
from tests.archive_stage import NOW, an_entry, keep
from tests.bench.notes import Pen
from tests.databases import throw_away
from tests.site.checks import broken_links, invalid_html

BASE = "https://papers.example.org/site"
TODAY = date(2026, 11, 29)
_EVERY = 7
"""Of the pages of the samples so many are checked once; every kind is among them."""
LARGEST = 100_000
"""Bytes of a page, without its fonts (issue 18)."""

TOP = ("ko", "en", "assets", "cite", "feeds", "index.html", "sitemap.xml", "robots.txt", NAME)

MAP = ("cytoscape.min.js", "graph/papers.js", "graph.js")
"""Scripts of the page of the map."""

HOSTILE = (
    an_entry(
        '<script>alert("1")</script> & "quotes"',
        authors=('"><img src=x onerror=alert(1)>', "Ada Lee", "Ada Lee"),
        ko='<b>굵게</b> javascript:alert(1) [a](javascript:alert(1)) https://example.org/?a=1&b="2"',
        tags="../../etc/passwd ml/rl ml index con C++ 한국어 %2e%2e",
        abstract="\x1f\x1b[31m \u202e x < y & z",
        path="a.md",
    ),
    an_entry(
        "Second",
        authors=("ADA  LEE",),
        ko="둘",
        tags="ml/rl/ppo",
        links=("a", "nowhere"),
        path="b.md",
    ),
    an_entry("Second", ko="같은 제목", path="c.md"),
    an_entry("Undated", on=None, en="Only English.", arxiv_id="2501.00001", path="d.md"),
    an_entry("Cites", arxiv_id="2501.00002", cites=("2501.00001", "2401.99999"), path="e.md"),
    an_entry("Today", on=TODAY, arxiv_id="hep-th/9901001", path="f.md"),
)


async def written(
    db: Database,
    folder: Path,
    *,
    base: str | None = BASE,
    languages: tuple[Language, ...] = (Language.KO, Language.EN),
) -> Written:
    return await write_site(
        db,
        folder,
        base=base,
        languages=languages,
        today=TODAY,
        progress=lambda _done, _total: None,
    )


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def generated(count: int) -> list[Entry]:
    pen, chance = Pen(7), random.Random(7)
    return [
        an_entry(
            pen.english(6),
            authors=tuple(chance.sample(["Ada Lee", "Yejin Choi", "홍길동", "J. Wang"], 2)),
            arxiv_id=f"2501.{number:05}",
            on=date(2025, 1, 1) + timedelta(days=number // 4),
            ko=pen.korean(20),
            en=pen.english(20),
            tags=" ".join(chance.sample(["rl", "moe", "ml/rl", "reward model"], 2)),
            cites=(f"2501.{max(number - 3, 0):05}",),
            path=f"{number:05}.md",
        )
        for number in range(count)
    ]


async def say_in_public(db: Database, entry_id: EntryId, *texts: str) -> None:
    """People say it about the entry in a channel that is public."""
    channel = parse_channel("slack:T1/C1")
    async with db.transaction() as tx:
        await channel_preferences.put(tx, str(channel), ChannelPreferences(public_since=NOW))
        for number, text in enumerate(texts):
            said = replies.Draft(
                message=MessageRef(channel, f"said-{number}"),
                root=MessageRef(channel, "root"),
                entry_id=entry_id,
                author_id=f"slack:T1/U{number}",
                author=f"<i>Person {number}</i>",
                text=text,
                said_at=NOW + timedelta(minutes=number),
            )
            await replies.add(tx, said, NOW)


async def test_the_samples_make_a_site_whose_links_and_html_are_whole(tmp_path: Path, shared: Path):
    paths = [shared / "samples" / "vault", shared / "samples" / "digests"]
    folder = tmp_path / "site"
    async with throw_away() as db:
        await import_files(db, paths, now=NOW)
        await written(db, folder)

    pages = sorted(folder.rglob("*.html"))
    assert broken_links(folder, BASE) == []
    assert [path for path in pages if path.stat().st_size >= LARGEST] == []
    assert list(invalid_html(pages[::_EVERY])) == []


async def test_each_paper_can_be_cited_in_three_forms_without_a_server(
    db: Database, tmp_path: Path
):
    await keep(db, *HOSTILE)
    folder = tmp_path / "site"
    await written(db, folder, base=None)

    page = (folder / "ko/entries/2025-02-04-2501.00002.html").read_text(encoding="utf-8")
    cited = {form: folder / f"cite/2025-02-04-2501.00002.{form}" for form in ("bib", "ris", "json")}
    for form, file in cited.items():
        assert f'href="../../cite/{file.stem}.{form}"' in page
    assert "@misc{" in cited["bib"].read_text(encoding="utf-8")
    assert "TI  - Cites" in cited["ris"].read_text(encoding="utf-8")
    assert json.loads(cited["json"].read_text(encoding="utf-8"))[0]["title"] == "Cites"
    assert len(list((folder / "cite").iterdir())) == 3 * len(HOSTILE)


async def test_whatever_the_archive_holds_stays_text_in_its_folder(db: Database, tmp_path: Path):
    hostile, *_ = await keep(db, *HOSTILE)
    await say_in_public(
        db,
        hostile,
        '</p><script>alert("1")</script> javascript:alert(1) https://example.org/"><img src=x>',
        "\x1f \u202e @everyone <!channel> data:text/html,<b> [a](javascript:alert(1))",
    )
    folder = tmp_path / "inside" / "site"

    await written(db, folder)
    await written(db, tmp_path / "inside" / "anywhere", base=None)

    assert {Path(path).parts[:2] for path in content(tmp_path / "inside")} <= {
        *(("site", name) for name in TOP),
        *(("anywhere", name) for name in TOP),
    }
    devices = {"con.html", "con.atom"}  # Windows opens these, wherever they are
    assert {path.name for path in folder.rglob("*")} & devices == set()
    assert broken_links(folder, BASE) == []
    assert broken_links(tmp_path / "inside" / "anywhere") == []
    assert "Disallow" not in (folder / "robots.txt").read_text(encoding="utf-8")
    pages = [made for path, made in content(folder).items() if path.endswith(".html")]
    everything = b"".join(pages).decode()
    assert set(re.findall("<script.*?</script>", everything)) == {
        '<script src="../assets/site_search.js" defer></script>',
        '<script src="assets/site_search.js" defer></script>',
        *(f'<script defer src="../assets/{name}"></script>' for name in MAP),
    }
    assert "<img" not in everything
    assert everything.count("&lt;!channel&gt;") == 2
    assert "Person 0" not in everything
    assert 'href="javascript:' not in everything
    assert list(invalid_html(sorted(folder.rglob("*.html")))) == []


async def test_nothing_names_a_note_of_a_day_that_has_not_begun(db: Database, tmp_path: Path):
    tomorrow = TODAY + timedelta(days=1)
    early = an_entry(
        "Embargoed",
        authors=("Ada Early", "Bo Kim"),
        arxiv_id="2611.00009",
        on=tomorrow,
        ko="비밀",
        tags="embargo",
        cites=("2501.00001",),
        links=("known",),
        path="early.md",
    )
    known = an_entry("Known", arxiv_id="2501.00001", authors=("Bo Kim",), path="known.md")
    _, kept = await keep(db, known, early)
    await say_in_public(db, kept, "embargoed talk")
    folder = tmp_path / "site"

    await written(db, folder)

    for path, made in content(folder).items():
        about = f"{path}\n{made.decode(errors='replace')}".casefold()
        for word in ("embargo", "2611.00009", "ada early", "비밀", str(tomorrow)):
            assert word not in about, path
    assert broken_links(folder, BASE) == []


async def test_the_same_archive_gives_the_same_bytes_in_any_database(tmp_path: Path):
    made = generated(40)
    for name, order in (("one", made), ("other", made[::-1])):
        async with opened(tmp_path / f"{name}.db") as db:
            await keep(db, *order)
            await written(db, tmp_path / name)
            first = content(tmp_path / name)
            again = await written(db, tmp_path / name)
        assert content(tmp_path / name) == first
        assert (again.written, again.removed) == (0, 0)

    one, other = content(tmp_path / "one"), content(tmp_path / "other")
    assert one.keys() == other.keys()
    assert [path for path in one if one[path] != other[path]] == []


async def test_a_changed_entry_rewrites_the_pages_that_show_it_and_no_others(
    db: Database, tmp_path: Path
):
    made = generated(40)
    ids = await keep(db, *made)
    folder = tmp_path / "site"
    await written(db, folder, base=None)
    before = content(folder)

    changed = replace(made[20], commentary=(Commentary(Language.KO, ("전혀 다른 문장",)),))
    await change(db, ids[20], changed)
    await written(db, folder, base=None)

    after = content(folder)
    assert before.keys() == after.keys()
    rewritten = {path for path in after if before[path] != after[path]} - {".paperbot-site.json"}
    rewritten = {
        path for path in rewritten if "/search/words/" not in path
    }  # single words, to find
    shown = {path for path in after if "전혀 다른 문장" in after[path].decode()}
    assert rewritten == shown
    assert {
        f"{language}/{page}.html"
        for language in ("ko", "en")
        for page in ("entries/2025-01-06-2501.00020", "days/2025-01-06")
    } <= rewritten

    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, [ids[20]], now=NOW)
    last = await written(db, folder, base=None)

    assert last.removed == 5  # two pages, and three files to cite it
    assert "전혀 다른 문장" not in b"".join(content(folder).values()).decode()
    assert broken_links(folder) == []


async def change(db: Database, entry_id: EntryId, entry: Entry) -> None:
    async with db.transaction() as tx:
        source = await sources.find_of_entry(tx, entry_id)
        assert source is not None
        draft = IndexedEntry(entry, indexed_text(entry, readable), source.id)
        await entry_changes.update(tx, [(entry_id, draft)], now=NOW)


async def test_files_of_others_stay_and_a_folder_of_others_is_refused(db: Database, tmp_path: Path):
    await keep(db, *generated(3))
    others = tmp_path / "others"
    others.mkdir()
    (others / "thesis.tex").write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match="the site did not write"):
        await written(db, others)
    assert content(others) == {"thesis.tex": b"mine"}

    folder = tmp_path / "site"
    await written(db, folder)
    (folder / "CNAME").write_text("papers.example.org", encoding="utf-8")
    (folder / ".nojekyll").touch()
    mine = folder / "ko" / "days" / "2025-03-01.html"
    mine.write_text("mine", encoding="utf-8")
    await keep(db, an_entry("Later", on=date(2025, 3, 1), path="later.md"))
    with pytest.raises(UsageError, match="is in its place"):
        await written(db, folder)
    mine.unlink()
    await written(db, folder)

    assert (folder / "CNAME").read_text(encoding="utf-8") == "papers.example.org"
    assert (folder / ".nojekyll").exists()


async def test_a_run_that_ends_in_the_middle_is_finished_by_the_next(db: Database, tmp_path: Path):
    await keep(db, *generated(10))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    await written(db, whole)

    class Killed(BaseException):
        pass

    def stop(at: int, done: int, _total: int) -> None:
        if done == at:
            raise Killed

    for at in (1, 7, 30):
        with pytest.raises(Killed):
            await write_site(
                db,
                cut,
                base=BASE,
                languages=(Language.KO, Language.EN),
                today=TODAY,
                progress=partial(stop, at),
            )
    await written(db, cut)

    assert content(cut) == content(whole)
    opened_folder = os.open(cut, os.O_RDONLY)
    fcntl.flock(opened_folder, fcntl.LOCK_EX)
    with pytest.raises(UsageError, match="Another run is writing this folder"):
        await written(db, cut)
    os.close(opened_folder)


async def test_a_tag_of_empty_or_undated_notes_alone_has_a_page_and_a_feed_without_them(
    tmp_path: Path,
):
    vault, folder = tmp_path / "vault", tmp_path / "site"
    vault.mkdir()
    (vault / "250204 Begun.md").write_text("#begun\n", encoding="utf-8")
    (vault / "Undated.md").write_text("*Undated* (Ada)\n\nWords.\n\n#someday\n", encoding="utf-8")
    async with throw_away() as db:
        await import_files(db, [vault], now=NOW)
        await written(db, folder)

    assert broken_links(folder, BASE) == []
    feeds = sorted((folder / "feeds" / "en").rglob("*.atom"))
    assert [b"<entry>" in feed.read_bytes() for feed in feeds] == [False] * 3
