"""The messages that the code says, and the Korean catalogue brought up to date with them.

`make words` runs this as a program; `test_catalogue.py` holds the catalogue complete.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot.domain import errors

BOT = Path(__file__).resolve().parent.parent / "bot"
KOREAN = BOT / "locale" / "ko" / "LC_MESSAGES" / "paperbot.po"

_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]


def _error_names(kind: type[errors.UserError]) -> list[str]:
    names = [kind.__name__]
    for child in kind.__subclasses__():
        names += _error_names(child)
    return names


def extract() -> Catalog:
    """Every message in the code and the templates, in their order, without translations."""
    keywords: dict[str, tuple[int, ...] | None] = {"say": None, "mark": None, "count": (1, 2)}
    keywords |= dict.fromkeys(_error_names(errors.UserError))
    found = Catalog(project="paper-digest-bot", charset="utf-8", fuzzy=False)
    for file, _, message, comments, _ in extract_from_dir(
        BOT, method_map=_METHODS, keywords=keywords, comment_tags=("Translators:",)
    ):
        if message != "{problems}":
            found.add(message, locations=[(file, 1)], auto_comments=comments)
    return found


def read() -> Catalog:
    """The Korean catalogue as it stands."""
    with KOREAN.open("rb") as file:
        return read_po(file, locale="ko")


def update() -> int:
    """Write the catalogue with every message of the code; returns how many wait for Korean."""
    catalogue = read() if KOREAN.exists() else Catalog(locale="ko", fuzzy=False)
    catalogue.update(extract(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    with KOREAN.open("wb") as file:
        write_po(file, catalogue, width=0, omit_header=False, include_lineno=False)
    return sum(not message.string or message.string == ("",) for message in catalogue if message.id)


if __name__ == "__main__":
    missing = update()
    sys.stderr.write(f"{KOREAN}: {missing} messages without Korean\n")
