"""An entry as the fields of a form, and back."""

import datetime as dt

import pytest

from bot.archive.domain.entry import Language
from bot.archive.domain.typed_dates import Days
from bot.core.domain.form import FIELDS_MOST, TEXT_MOST, text_most
from bot.desk.domain.fields import (
    changed_names,
    conflicts,
    length,
    merged,
    mixed,
    read_fields,
    values_of,
    with_changes,
)
from tests.archive_stage import an_entry

DAYS = Days(dt.date(2026, 2, 3))
LONG = "\n\n".join(["가" * 1000] * 4)


@pytest.mark.parametrize(
    ("ko", "en"), [("짧다", "short"), (LONG, "short"), (LONG, LONG), ("", "a")]
)
def test_a_form_that_is_saved_as_it_was_shown_changes_nothing(ko: str, en: str) -> None:
    entry = an_entry(ko=ko, en=en, tags="moe rl")

    values = values_of(entry)
    filled = read_fields(values, DAYS)
    changed = with_changes(entry, filled, changed_names({}, values))

    assert len(values) <= FIELDS_MOST
    assert all(len(text) <= TEXT_MOST for text in values.values())
    assert [filled.texts[language] for language in Language] == [ko, en]
    assert (changed.tags, changed.date) == (entry.tags, entry.date)
    assert with_changes(entry, filled, ()) == entry


def test_a_text_that_fits_into_no_form_has_no_field_and_stays() -> None:
    entry = an_entry(ko="가" * 7000, en="short")

    values = values_of(entry)
    changed = with_changes(entry, read_fields({**values, "en": "new"}, DAYS), {"en"})

    assert "ko" not in values
    assert changed.paragraphs(Language.KO) == entry.paragraphs(Language.KO)
    assert changed.paragraphs(Language.EN) == ("new",)


def test_two_texts_on_one_paper_fit_into_one_form_or_into_none() -> None:
    mine = {"paper": "2502.00001", "ko": "나" * 2500, "en": "b" * 2500, "tags": "rl", "date": ""}

    short = merged(values_of(an_entry(ko="가", en="a", tags="moe")), mine)
    both_long = merged(values_of(an_entry(ko="가" * 900, en="a" * 900)), mine)
    dated = merged(values_of(an_entry(ko="가" * 900, en="a" * 900)), {**mine, "date": "2026-02-03"})

    assert short is not None
    assert short["tags"] == "moe rl"
    assert both_long is not None
    assert both_long.keys() == {"ko", "ko2", "en", "en2", "tags"}
    assert dated is None


@pytest.mark.parametrize("platform", ["slack", "discord", "web"])
@pytest.mark.parametrize("text", ["가", "나\n\n", "😀 다\n\n", "```\n라\n\n마\n```\n\n바\n\n"])
def test_what_a_field_takes_it_can_show_again(platform: str, text: str) -> None:
    most = text_most(platform)
    typed = (text * most)[:most].strip()
    while length(typed) > most:
        typed = typed[: len(typed) - (length(typed) - most)].strip()
    entry = an_entry(ko=typed)

    values = values_of(entry, most)

    assert all(length(value) <= most for value in values.values())
    assert "\n\n".join(values[name] for name in ("ko", "ko2") if name in values) == typed


def test_a_text_that_is_cut_elsewhere_is_no_change() -> None:
    entry = an_entry(ko=LONG, en="short")
    page, modal = values_of(entry, text_most("web")), values_of(entry)

    assert (page.keys() - modal.keys(), modal.keys() - page.keys()) == (set(), {"ko2"})
    assert changed_names(page, modal) == changed_names(modal, page) == frozenset()


def test_where_a_text_is_cut_elsewhere_nothing_of_it_is_mixed_with_another() -> None:
    page = values_of(an_entry(ko=LONG, en="short"), text_most("web"))
    theirs = values_of(an_entry(ko=f"새 문단\n\n{LONG}", en="short"))
    mine = {**page, "ko": f"{LONG}\n\n내 문단", "tags": "rl"}

    changed = changed_names(page, mine)

    assert conflicts(page, mine, theirs) == {"ko": f"새 문단\n\n{LONG}"}
    assert mixed(mine, changed, theirs) == {**theirs, "ko": mine["ko"], "ko2": "", "tags": "rl"}
    assert mixed({**page, "tags": "rl"}, {"tags"}, theirs) == {**theirs, "tags": "rl"}
