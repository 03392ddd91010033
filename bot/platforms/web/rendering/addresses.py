"""Where the links of a page lead: to pages of the bot, or to files of the static site."""

from datetime import date
from urllib.parse import quote

from bot.archive.domain.entry import EntryId
from bot.platforms.web.rendering import render
from bot.site.domain import paths


class OfBot:
    """The addresses of the running bot; `build` is the version of its static files."""

    is_site = False

    def __init__(self, build: str) -> None:
        self._build = build

    def asset(self, name: str) -> str:
        return f"/static/{self._build}/{name}"

    def papers(self) -> str:
        return "/papers"

    def graph(self) -> str:
        return "/graph"

    def entry(self, entry_id: EntryId) -> str:
        return f"/entry/{entry_id}"

    def day(self, day: date) -> str:
        return f"/digest/{day.isoformat()}"

    def month(self, month: date) -> str:
        return f"/digest/{month.isoformat()[:7]}"

    def tag(self, tag: str) -> str:
        return render.tag_path(tag)

    def author(self, name: str) -> str | None:
        plain = render.printable(name).replace('"', " ").strip()
        return "/papers?q=" + quote(f'author:"{plain}"', safe="") if plain else None


class OfSite:
    """The addresses in a page of the site, relative to its own `path` in a language's folder.

    `base` is the address at which the site is published, without a slash at its end, where it is known.
    """

    is_site = True

    def __init__(
        self,
        found: paths.Paths,
        *,
        path: str,
        language: str,
        base: str | None,
        is_root: bool = False,
    ) -> None:
        self._paths = found
        self._path = path
        self._language = language
        self._base = base
        self._up = "" if is_root else "../" * (1 + path.count("/"))

    def asset(self, name: str) -> str:
        return f"{self._up}assets/{name}"

    def papers(self) -> str:
        return self.page(paths.START)

    def graph(self) -> str:
        return self.page(paths.GRAPH)

    def entry(self, entry_id: EntryId) -> str:
        return self.page(self._paths.entry(entry_id))

    def citation(self, entry_id: EntryId) -> str:
        """The paper's files for reference managers, but for their ends."""
        return f"{self._up}{quoted(self._paths.citation(entry_id, ''))}"

    def day(self, day: date) -> str:
        return self.page(paths.day_path(day))

    def month(self, month: date) -> str:
        return self.page(paths.month_path(month))

    def tag(self, tag: str) -> str:
        return self.page(paths.tag_path(tag))

    def author(self, name: str) -> str | None:
        found = self._paths.author(name)
        return self.page(found) if found is not None else None

    def page(self, path: str) -> str:
        """Another page in the same language."""
        return f"{self._up}{self._language}/{quoted(path)}"

    def here_in(self, language: str) -> str:
        """This page in another language."""
        return f"{self._up}{language}/{quoted(self._path)}"

    def published(self, language: str) -> str | None:
        """The whole address of this page in a language, where it is known."""
        return f"{self._base}/{language}/{quoted(self._path)}" if self._base is not None else None


def quoted(path: str) -> str:
    """A path as it stands in an address."""
    return quote(path, safe="/~-._")


Addresses = OfBot | OfSite
