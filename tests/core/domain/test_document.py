from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain import document
from bot.core.domain.document import (
    Button,
    Buttons,
    Divider,
    Document,
    Fields,
    Heading,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Style,
    Text,
)

_INLINES = st.lists(
    st.one_of(
        st.builds(Text, st.text(), st.sampled_from(Style)),
        st.builds(Link, st.text(), st.just("https://example.org/")),
    ),
    max_size=3,
).map(tuple)
_BUTTON = st.builds(Button, st.text(), command=st.text() | st.none(), url=st.none())
_BLOCK = st.one_of(
    st.builds(Heading, _INLINES),
    st.builds(Paragraph, _INLINES, st.sampled_from(["ko", "en", None])),
    st.builds(Quote, _INLINES),
    st.builds(Note, _INLINES),
    st.builds(Divider),
    st.builds(Buttons, st.lists(_BUTTON, max_size=3).map(tuple)),
    st.builds(Fields, st.lists(st.tuples(st.text(), _INLINES), max_size=2).map(tuple)),
    st.builds(
        Items,
        st.lists(
            st.builds(Item, _INLINES, _INLINES, st.integers() | st.none(), _BUTTON | st.none()),
            max_size=3,
        ).map(tuple),
    ),
)
_PLAIN = st.builds(
    Document, st.lists(_BLOCK, max_size=6).map(tuple), st.text(), st.booleans(), st.text()
)
DOCUMENTS = st.one_of(
    _PLAIN,
    st.builds(lambda one, other: document.translated(one, {"en": other}), _PLAIN, _PLAIN),
)


@given(DOCUMENTS)
def test_a_dumped_document_loads_equal(value: Document) -> None:
    assert document.load(document.dump(value)) == value


@given(_PLAIN, st.data())
def test_a_translated_document_reads_in_both_languages(
    korean: Document, data: st.DataObject
) -> None:
    blocks = st.tuples(*(_BLOCK | st.just(block) for block in korean.blocks))
    english = replace(korean, blocks=data.draw(blocks), summary=data.draw(st.text()))

    both = document.translated(korean, {"en": english})

    assert document.in_locale(both, "en") == english
    assert replace(document.in_locale(both, "ko"), translations=()) == korean


def test_a_document_stored_before_there_were_translations_is_written_as_it_was() -> None:
    text = '{"is":"Document","blocks":[],"summary":"x","opens_thread":false,"thread_name":""}'

    assert document.dump(document.load(text)) == text


def test_to_hash_a_document_is_to_hash_its_summary() -> None:
    first, same, other = (
        Document((Heading((Text(title),)),), "A paper") for title in ("One", "One", "Other")
    )

    assert first == same != other
    assert hash(first) == hash(same) == hash(other)
