"""The pages of the static site as HTML: the templates of the running bot, with other addresses."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.archive.domain import present_entry
from bot.archive.domain.citations import bibtex, meta_tags
from bot.archive.domain.entry import Entry, Language
from bot.arxiv.domain.present_record import paper_lines
from bot.core.domain.day_text import day_text, month_text
from bot.core.domain.i18n import Translate
from bot.core.latex import readable
from bot.discussion.domain.neighbourhood import neighbourhood_of
from bot.feeds.domain.cards import Card
from bot.graph.domain.drawing import drawing
from bot.platforms.web.feeds import cards, links
from bot.platforms.web.feeds.head import Head, head_of
from bot.platforms.web.feeds.links import FeedLink
from bot.platforms.web.reading.bibliography import text_of
from bot.platforms.web.rendering.addresses import OfSite, quoted
from bot.platforms.web.rendering.languages import commentary_parts, languages_of
from bot.platforms.web.rendering.view import View
from bot.site.domain import paths
from bot.site.domain.sheets import (
    AuthorSheet,
    AuthorsSheet,
    DaySheet,
    EntrySheet,
    GraphSheet,
    MonthSheet,
    Plan,
    Sheet,
    StartSheet,
    TagSheet,
    TagsSheet,
)

ASSETS = (
    "base.css",
    "reading.css",
    "icon.svg",
    "site_search.js",
    "graph.css",
    "graph.js",
    "cytoscape.min.js",
)
"""Static files that pages of the site use."""

DRAWING = "graph/papers.js"
"""The papers of the map, as a script: pages from a folder (`file:`) may load scripts only."""


def write_drawing(made: Plan) -> bytes:
    """The papers of the map; addresses are relative to the folder of a language."""
    text = drawing(made.graph, lambda entry_id: quoted(made.paths.entry(entry_id)))
    return f"globalThis.paperbotGraph={text};\n".encode(errors="replace")


def write_citation(entry: Entry, form: str) -> bytes:
    """The paper of an entry for reference managers: a file in a form of `bibliography.FORMS`."""
    return text_of(entry, form).encode(errors="replace")


class SitePages:
    """Renders sheets in `languages`; `base` is where the site is published, if known."""

    def __init__(
        self,
        view: View,
        voices: Callable[[str], Translate],
        found: paths.Paths,
        *,
        languages: Sequence[Language],
        base: str | None,
    ) -> None:
        self._view = view
        self._voices = voices
        self._paths = found
        self._languages = tuple(languages)
        self._base = base

    def render(self, sheet: Sheet, language: Language, *, is_root: bool = False) -> bytes:
        """The page in one language; `is_root` is the first page, outside the folders of languages."""
        say = self._voices(language)
        template, values = _values(sheet, say)
        at = OfSite(
            self._paths, path=sheet.path, language=language, base=self._base, is_root=is_root
        )
        if isinstance(sheet, TagSheet | AuthorSheet):
            beside = {"newer": sheet.newer, "older": sheet.older}
            values |= {name: at.page(path) if path else None for name, path in beside.items()}
        text = self._view.page(
            template,
            say,
            title=_title(sheet, say),
            at=at,
            layout="site.html",
            head=self._head(sheet, say),
            feeds=self._feeds(sheet, say),
            site_languages=self._languages,
            is_start=isinstance(sheet, StartSheet),
            is_tags=isinstance(sheet, TagsSheet),
            is_authors=isinstance(sheet, AuthorsSheet),
            **values,
        )
        return text.encode(errors="replace")

    def _head(self, sheet: Sheet, say: Translate) -> Head:
        """What other sites show of the page; oEmbed needs a bot that answers."""
        path = f"/{say.locale}/{quoted(sheet.path)}"
        card = replace(_card(sheet, say), path=path)
        return replace(head_of(card, self._base), oembed=None)

    def _feeds(self, sheet: Sheet, say: Translate) -> tuple[FeedLink, ...]:
        """The feeds of the page, which are written where the site's address is known."""
        if self._base is None:
            return ()
        about: list[tuple[str, str | None]] = [(links.title(say), None)]
        if isinstance(sheet, TagSheet):
            about.insert(0, (links.tag_title(sheet.tag), sheet.tag))
        return tuple(
            FeedLink(title, media_type, self._feed_at(say.locale, form, tag))
            for title, tag in about
            for form, media_type in links.FORMS
        )

    def _feed_at(self, language: str, form: str, tag: str | None) -> str:
        return f"{self._base}/{quoted(paths.feed_path(language, form, tag))}"


def _card(sheet: Sheet, say: Translate) -> Card:
    match sheet:
        case EntrySheet():
            return cards.of_entry(sheet.page.stored, say)
        case DaySheet():
            return cards.of_day(sheet.day, sheet.entries, say)
        case TagSheet():
            return cards.of_tag(sheet.tag, 1, sheet.entries, say)
        case _:
            return cards.of_page("", _title(sheet, say), say)


def _title(sheet: Sheet, say: Translate) -> str:
    match sheet:
        case StartSheet():
            return say("Papers")
        case DaySheet():
            return day_text(sheet.day, say.locale)
        case MonthSheet():
            return month_text(sheet.month, say.locale)
        case EntrySheet():
            return sheet.page.stored.entry.paper.title
        case TagSheet():
            return f"#{sheet.tag}"
        case AuthorSheet():
            return sheet.name
        case TagsSheet():
            return say("Tags")
        case AuthorsSheet():
            return say("Authors")
        case GraphSheet():
            return say("Map of references")


def _values(sheet: Sheet, say: Translate) -> tuple[str, dict[str, object]]:
    match sheet:
        case StartSheet():
            return "site_start.html", {
                "days": sheet.days,
                "months": sheet.months,
                "tags": sheet.tags,
                "entries": sheet.entries,
            }
        case DaySheet():
            return "digest.html", {
                "day": sheet.day,
                "entries": [(each, commentary_parts(each.entry, say)) for each in sheet.entries],
                "earlier": sheet.earlier,
                "later": sheet.later,
            }
        case MonthSheet():
            return "month.html", {
                "month": sheet.month,
                "days": sheet.days,
                "earlier": sheet.earlier,
                "later": sheet.later,
            }
        case EntrySheet():
            return "entry.html", _entry(sheet, say)
        case TagSheet() | AuthorSheet():
            return _list(sheet, say)
        case TagsSheet():
            return "site_tags.html", {"tags": sheet.tags}
        case AuthorsSheet():
            return "site_authors.html", {"authors": sheet.authors}
        case GraphSheet():
            return "graph.html", {"seen": sheet.seen, "data": ""}


def _entry(sheet: EntrySheet, say: Translate) -> dict[str, object]:
    page = sheet.page
    entry = page.stored.entry
    return {
        "page": page,
        "talk": sheet.talk,
        "entry": entry,
        "similar": (),
        "may_note": False,
        "bibtex": bibtex.write_brief([entry]),
        "meta_tags": meta_tags.meta_tags(entry),
        "parts": commentary_parts(entry, say),
        "address": present_entry.paper_url(entry.paper.arxiv_id, entry.paper.url),
        "at_arxiv": paper_lines(page.record, page.events, say),
        "around": neighbourhood_of(page, readable=readable),
    }


def _list(sheet: TagSheet | AuthorSheet, say: Translate) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {
        "entries": sheet.entries,
        "languages_wanted": languages_of(say),
    }
    if isinstance(sheet, AuthorSheet):
        return "site_author.html", values | {
            "name": sheet.name,
        }
    return "tag.html", values | {
        "tag": sheet.tag,
        "beside": sheet.beside,
        "ends_before": None,
    }
