"""The feeds of the static site, and what crawlers ask for: all of them have whole addresses."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import islice

from bot.archive.domain.entry import Language, StoredEntry
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Translate
from bot.feeds.domain import atom, json_feed, opml, sitemap
from bot.feeds.domain.feed import PER_PAGE, Feed, FeedEntry, feed_id, is_due
from bot.feeds.domain.opml import Outline
from bot.feeds.domain.sitemap import Place
from bot.platforms.web.feeds import links
from bot.platforms.web.feeds.items import items
from bot.platforms.web.rendering.addresses import quoted
from bot.platforms.web.rendering.view import View
from bot.site.domain import paths
from bot.site.domain.archive import Archive, by_tag, newest_first
from bot.site.domain.sheets import EntrySheet, Plan

_FORMS = {"atom": atom.write, "json": json_feed.write}

Written = tuple[str, tuple[object, ...], Callable[[], bytes]]
"""A file: its path in the folder, what it is made from, how."""


@dataclass(frozen=True, slots=True)
class _About:
    """What a feed is about: its id, title, the page with the same; its tag, if it has one."""

    id: str
    title: str
    page: str
    tag: str | None = None


class SiteFeeds:
    """Writes the feeds of all entries and of each tag, in each language, for a site at `base`."""

    def __init__(
        self,
        view: View,
        voices: Callable[[str], Translate],
        archive: Archive,
        made: Plan,
        *,
        base: str,
        today: date,
    ) -> None:
        self._view = view
        self._voices = voices
        self._archive = archive
        self._made = made
        self._base = base
        self._today = today
        self._newest_first = newest_first(archive.entries)

    def files(self, language: Language) -> Iterator[Written]:
        """The feeds in one language, and the list of them."""
        say = self._voices(language)
        title = links.title(say)
        outlines = [Outline(title, self._feed_at(language, "atom"), self._page(language))]
        whole = _About(feed_id(language, "all"), title, paths.START)
        yield from self._feed(say, whole, self._newest_first)
        # Of tags that feeds have no entry of too: their pages lead to them.
        for tag, entries in by_tag(self._newest_first).items():
            about = _About(
                feed_id(language, "tag", tag),
                links.tag_title(tag),
                paths.tag_path(tag),
                tag,
            )
            yield from self._feed(say, about, entries)
            page = self._page(language, about.page)
            outlines.append(Outline(about.title, self._feed_at(language, "atom", tag), page))
        yield (
            f"feeds/{language}/tags.opml",
            tuple(outlines),
            lambda: opml.write(title, outlines).encode(),
        )

    def for_crawlers(self, languages: Sequence[Language]) -> Iterator[Written]:
        """`robots.txt`, and the sitemap, in parts where one file cannot hold it."""
        places = [
            Place(f"{self._base}/{language}/{quoted(sheet.path)}", self._changed_on(sheet))
            for language in languages
            for sheet in self._made.sheets
        ]
        parts = [places[at : at + sitemap.MOST] for at in range(0, len(places), sitemap.MOST)]
        if len(parts) <= 1:
            yield "sitemap.xml", tuple(places), partial(_sitemap, places)
        else:
            names = [f"sitemap-{number}.xml" for number in range(len(parts))]
            for name, part in zip(names, parts, strict=True):
                yield name, tuple(part), partial(_sitemap, part)
            index = [self._at(f"/{name}") for name in names]
            yield "sitemap.xml", tuple(index), lambda: sitemap.write_index(index).encode()
        robots = sitemap.robots_of_site(self._at("/sitemap.xml"))
        yield "robots.txt", (robots,), robots.encode

    def _changed_on(self, sheet: object) -> date | None:
        if not isinstance(sheet, EntrySheet):
            return None
        mark = self._archive.marks.get(sheet.page.stored.id)
        return mark.updated.date() if mark is not None and sheet.page.stored.entry.date else None

    def _feed(
        self, say: Translate, about: _About, entries: Sequence[StoredEntry]
    ) -> Iterator[Written]:
        due = (stored for stored in entries if is_due(stored.entry, self._today))
        shown = [self._mark(stored) for stored in islice(due, PER_PAGE)]
        shown_at = [(each, self._address(say, each.stored)) for each in shown]

        def write(form: str) -> bytes:
            feed = Feed(
                id=about.id,
                title=about.title,
                author=links.BOT_NAME,
                language=say.locale,
                page=self._page(say.locale, about.page),
                here=self._feed_at(say.locale, form, about.tag),
                items=items(shown, self._view, say, lambda stored: self._address(say, stored)),
            )
            return _FORMS[form](feed).encode(errors="replace")

        for form in _FORMS:
            name = paths.feed_path(say.locale, form, about.tag)
            yield name, (about.title, about.page, *shown_at), partial(write, form)

    def _mark(self, stored: StoredEntry) -> FeedEntry:
        return self._archive.marks.get(stored.id) or FeedEntry(stored)

    def _address(self, say: Translate, stored: StoredEntry) -> str:
        return self._page(say.locale, self._made.paths.entry(stored.id))

    def _page(self, language: str, path: str = paths.START) -> str:
        return f"{self._base}/{language}/{quoted(path)}"

    def _feed_at(self, language: str, form: str, tag: str | None = None) -> str:
        return self._at(f"/{quoted(paths.feed_path(language, form, tag))}")

    def _at(self, path: str) -> str:
        return f"{self._base}{path}"


def _sitemap(places: Sequence[Place]) -> bytes:
    return sitemap.write(places).encode()
