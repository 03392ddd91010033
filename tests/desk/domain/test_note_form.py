"""The form keeps the limits of every platform, in both languages."""

import pytest

from bot.archive.domain.entry import Paper
from bot.core.catalogue import Catalogues
from bot.core.domain.form import FIELDS_MOST, HINT_MOST, LABEL_MOST, TITLE_MOST
from bot.desk.domain.known import Known
from bot.desk.domain.note_form import blank_form, form_with

PARTS = {"ko": "가" * 3000, "ko2": "나", "en": "a", "en2": "b", "tags": "moe"}


@pytest.mark.parametrize("locale", ["en", "ko"])
def test_the_form_keeps_the_limits_of_every_platform(locale: str) -> None:
    say = Catalogues()(locale)
    known = Known(Paper("A Paper", ("Jane Lee",) * 9, abstract="words " * 400))

    blank, long = blank_form("key", "", say), form_with(PARTS, "key", say, known=known)

    for form in (blank, long):
        assert len(form.fields) <= FIELDS_MOST
        assert max(len(form.title), len(form.submit)) <= TITLE_MOST
        assert all(0 < len(each.label) <= LABEL_MOST for each in form.fields)
        assert all(len(each.hint) <= HINT_MOST for each in form.fields)
        assert all(len(each.value) <= each.longest for each in form.fields)
    for action in ("Without the draft", "With the draft"):
        assert len(say(action)) <= TITLE_MOST
    assert sum(map(len, long.about)) < 700
