"""What must hold of every site: its links lead somewhere, its HTML is valid."""

import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

NODE = Path(__file__).parent / "node"
_IDS_AT_ONCE = 400


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        found = dict(attrs)
        self.ids.update(filter(None, [found.get("id")]))
        self.links += filter(None, [found.get("href"), found.get("src")])


def broken_links(folder: Path, base: str | None = None) -> list[str]:
    """The links that lead to no file or no place in it, and the pages that no link leads to."""
    pages = {path: _read(path) for path in folder.rglob("*.html")}
    reached = {folder / "index.html"}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            target = _target(folder, path, link, base)
            if target is None:
                continue
            file, place = target
            reached.add(file)
            if not file.is_file() or (place and place not in pages[file].ids):
                broken.append(f"{path.relative_to(folder)}: {link}")
    lonely = [f"no link leads to {path.relative_to(folder)}" for path in set(pages) - reached]
    return sorted(broken + lonely)


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _target(folder: Path, path: Path, link: str, base: str | None) -> tuple[Path, str] | None:
    """The file that a link leads to and the place in it; `None` for other sites."""
    if base is not None and link.startswith(f"{base}/"):
        path, link = folder / "index.html", link.removeprefix(f"{base}/")
    plain, place = urldefrag(link)
    parts = urlsplit(plain)
    if parts.scheme or parts.netloc:
        return None
    if not parts.path:
        return path, place
    return (path.parent / unquote(parts.path)).resolve(), place


def invalid_html(paths: list[Path]) -> Iterator[str]:
    """What html-validate finds; the test is skipped where it is not installed (`make test` does)."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules").is_dir():
        pytest.skip("html-validate is not installed: it needs Node.js and npm, then “make test”")
    for start in range(0, len(paths), _IDS_AT_ONCE):
        command = [node, "check.mjs", *map(str, paths[start : start + _IDS_AT_ONCE])]
        done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, done.stderr
        yield from done.stdout.splitlines()


def axe_source() -> str:
    """The script of axe-core; the test is skipped where it is not installed."""
    path = NODE / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not installed: it needs Node.js and npm, then “make test”")
    return path.read_text(encoding="utf-8")
