"""Everything the bot says to people is said in Korean too, with the same blanks to fill."""

import re
import string
from importlib import resources

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from bot.core.catalogue import Catalogues
from tests import words
from tests.words import extract


def messages() -> set[str]:
    """The key of every message in the code: its English text, the singular of a plural."""
    ids = (message.id for message in extract())
    return {text[0] if isinstance(text, tuple) else str(text) for text in ids if text}


def korean() -> dict[str, str]:
    path = resources.files("bot") / "locale" / "ko" / "LC_MESSAGES" / "paperbot.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale="ko")
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            message.string if isinstance(message.string, str) else (message.string or ("",))[0]
        )
        for message in catalog
        if message.id
    }


def in_full(catalogue: Catalog) -> dict[str, str]:
    """What a catalogue holds, with all forms of each message."""
    return {
        "\0".join([each.id] if isinstance(each.id, str) else each.id): "\0".join(
            [each.string] if isinstance(each.string, str) else each.string or ()
        )
        for each in catalogue
        if each.id
    }


def blanks(template: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(template)} - {None}


def test_every_message_is_translated() -> None:
    translated = {key for key, text in korean().items() if text}

    assert sorted(messages() - translated) == []


def test_the_bot_reads_the_translations_as_they_stand() -> None:
    with words.COMPILED.open("rb") as file:
        compiled = read_mo(file)

    assert in_full(compiled) == in_full(words.read()), "run `make words`"


def test_no_translation_has_outlived_its_message() -> None:
    assert sorted(set(korean()) - messages()) == []


def test_translations_fill_no_blank_that_the_message_lacks() -> None:
    wrong = [key for key, text in korean().items() if not blanks(text) <= blanks(key) | {"n"}]

    assert wrong == []


def test_no_korean_particle_depends_on_what_fills_a_blank() -> None:
    # 은/는, 이/가, 을/를, 과/와 and 으로/로 follow the last sound of a word that is not known here.
    particle = re.compile(
        r"[(](?:은|는|이|가|을|를|으)[)]|[}][”\"’]?(?:은|는|이|가|을|를|과|와|으?로)\b"
    )

    assert [text for text in korean().values() if particle.search(text)] == []


def test_a_locale_of_a_platform_finds_its_language() -> None:
    voices = Catalogues()

    assert voices("ko").locale == voices("ko-KR").locale == voices("ko_KR").locale == "ko"
    assert voices("en-US").locale == voices("fr").locale == "en"


def test_a_message_with_a_number_is_said_in_both_languages() -> None:
    voices = Catalogues()

    assert voices("en").count("{n} paper", "{n} papers", 1) == "1 paper"
    assert voices("en").count("{n} paper", "{n} papers", 2) == "2 papers"
    assert voices("ko").count("{n} paper", "{n} papers", 2) == "논문 2편"


COUNTED = re.compile(
    r"(?:{(?!id}|_?[A-Z])[^{}]+}|%d) (?:new |old |more )?(?:authors|channels|characters|connections|days|entries|"
    r"errors|failures|files|filters|hours|items|links|messages|minutes|notes|papers|people|problems|"
    r"references|replies|requests|results|rows|seconds|servers|subscriptions|tags|terms|times|weeks)\b"
)
NEVER_ONE = (
    *("At most {most} people", "At most {n} messages per person", "within {n} minutes"),
    *("within {minutes} minutes", "longer than {minutes} minutes", "too long: {n} characters"),
    *("arXiv at {n} items", "more than %d messages in a minute", "%d connections are open: at the"),
    *("({length} characters, {longest} at most)", "failed {n} times in a row"),
    *("not one of {asked} papers", "a tag of {size:,}", "{len(drafts)} messages"),
)
"""Bounds that are larger than one; constants (`{MOST}`) are, too."""


def test_what_is_counted_has_a_plural_form_or_a_colon() -> None:
    texts = [
        message.id for message in extract() if message.id and not isinstance(message.id, tuple)
    ]
    logged = [
        line
        for path in sorted((resources.files("bot")).rglob("*.py"))  # type: ignore[attr-defined]
        for line in path.read_text().splitlines()
        if "%d" in line or 'f"' in line
    ]

    wrong = [
        text
        for text in (*texts, *logged)
        if COUNTED.search(text) and not any(bound in text for bound in NEVER_ONE)
    ]

    assert wrong == []
