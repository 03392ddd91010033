"""The static site: what is read, rendered and written, put together."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from bot.archive.domain.entry import Language
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.database.sqlite.words import words
from bot.core.latex import readable
from bot.platforms.web.reading.bibliography import FORMS
from bot.platforms.web.rendering.view import make_view
from bot.platforms.web.server import read_static
from bot.platforms.web.site.feeds import SiteFeeds
from bot.platforms.web.site.pages import ASSETS, DRAWING, SitePages, write_citation, write_drawing
from bot.site.domain.archive import Archive, until
from bot.site.domain.fingerprint import Fingerprints
from bot.site.domain.search_index import search_files
from bot.site.domain.sheets import plan
from bot.site.services.read_archive import read_archive
from bot.site.services.write_folder import File, Written, write_folder


async def write_site(
    db: Database,
    folder: Path,
    *,
    base: str | None,
    languages: Sequence[Language],
    today: date,
    progress: Callable[[int, int], None],
) -> Written:
    """Bring the folder up to date with the archive; raises `UsageError` where it cannot be.

    `base` is where it is published, without a slash at its end; without it there are no feeds, which
    need whole addresses. Entries of days after `today` are not in it.
    """
    archive = until(await read_archive(db), today)

    def work() -> Written:
        files = _files(archive, base=base, languages=languages, today=today)
        return write_folder(folder, files, progress=progress)

    return await asyncio.to_thread(work)


def _files(
    archive: Archive, *, base: str | None, languages: Sequence[Language], today: date
) -> Iterator[File]:
    made, voices = plan(archive, readable=readable), Catalogues()
    view = make_view(voices, build="")
    pages = SitePages(view, voices, made.paths, languages=languages, base=base)
    fingerprints = Fingerprints(made.paths.entry, made.paths.author)
    version = _version(base, languages)
    for sheet in made.sheets:
        key = version + fingerprints.of(sheet)
        for language in languages:
            make = partial(pages.render, sheet, language)
            yield File(f"{language}/{sheet.path}", key, make)
    start = made.sheets[0]
    make = partial(pages.render, start, languages[0], is_root=True)
    yield File(start.path, version + fingerprints.of(start), make)
    for name, content in read_static().items():
        if name in ASSETS:
            key = hashlib.sha256(content).hexdigest()[:32]
            yield File(f"assets/{name}", key, partial(bytes, content))
    key = version + fingerprints.of_parts((made.graph,))
    yield File(f"assets/{DRAWING}", key, partial(write_drawing, made))
    for stored in archive.entries:
        key = version + fingerprints.of_parts((stored,))
        for form in FORMS:
            make = partial(write_citation, stored.entry, form)
            yield File(made.paths.citation(stored.id, form), key, make)
    for name, content in search_files(
        archive.entries, made.paths.entry, readable=readable, spell=words
    ):
        key = hashlib.sha256(content).hexdigest()[:32]
        yield File(f"assets/search/{name}", key, partial(bytes, content))
    if base is not None:
        feeds = SiteFeeds(view, voices, archive, made, base=base, today=today)
        written = [file for language in languages for file in feeds.files(language)]
        for path, parts, made_by in (*written, *feeds.for_crawlers(languages)):
            yield File(path, version + fingerprints.of_parts(parts), made_by)


def _version(base: str | None, languages: Sequence[Language]) -> str:
    """A key of everything that decides how a page looks, beside what it shows: code, texts, options."""
    digest = hashlib.sha256(repr((base, [str(each) for each in languages])).encode())
    for file in _sources(resources.files("bot")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from _sources(each)
        elif each.name.endswith((".py", ".html", ".mo")):
            yield each
