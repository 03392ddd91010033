"""Command lines and delivery keys are stored in messages and read back."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.ports import DeliveryKey
from bot.platforms.discord.rendering import controls
from bot.platforms.discord.rendering.controls import CommandLines, HiddenUrl, Mark
from bot.platforms.discord.rendering.payload import size

keys = st.from_regex(r"[0-9a-z]{1,25}", fullmatch=True).map(DeliveryKey)
parts = st.integers(0, controls.PARTS_MOST)
marks = st.builds(Mark, keys, parts, parts, st.booleans())
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
lines = st.tuples(words, st.integers(1, 60)).map(lambda pair: f"/paper {pair[0] * pair[1]}")


@given(mark=marks)
def test_a_mark_reads_back(mark: Mark):
    assert controls.read_mark(str(mark)) == mark


@given(mark=marks | st.none(), held=st.lists(lines.map(str.strip), max_size=4).map(tuple))
def test_a_slip_reads_back(mark: Mark | None, held: tuple[str, ...]):
    hidden = HiddenUrl(mark, held)

    assert controls.read_hidden_url(hidden.url()) == hidden


@given(wanted=st.lists(lines, max_size=12), room=st.integers(20, 90))
def test_lines_of_any_length_read_back_or_say_that_they_do_not_fit(wanted: list[str], room: int):
    written = CommandLines()
    kept: list[tuple[str, str]] = []
    for line in wanted:
        shortened = written.shortened(line, room)
        if shortened is not None:
            kept.append((line, shortened[0]))
            written = shortened[1]

    assert HiddenUrl(None, written.hidden).fits
    for line, short in kept:
        assert size(short) <= room
        assert controls.full_line(short, written.hidden) == line


def test_buttons_that_turn_pages_share_one_line():
    line = "/paper " + "가나다 " * 60

    first = CommandLines().shortened(f"{line}page:1", 80)
    assert first is not None
    second = first[1].shortened(f"{line}page:3", 80)

    assert second is not None
    assert len(second[1].hidden) == 1
    assert controls.full_line(second[0], second[1].hidden) == f"{line}page:3"


@given(mark=marks, place=st.integers(0, 999))
def test_a_custom_id_gives_its_mark_and_line_back(mark: Mark, place: int):
    held = controls.custom_id(place, "/paper entry:1", mark)

    match = controls.BUTTON.fullmatch(held)
    assert match is not None
    assert match["line"] == "/paper entry:1"
    assert controls.mark_of(held) == mark


@given(url=st.text() | st.text().map("https://arxiv.org/#pb/".__add__))
def test_an_address_of_anybody_else_is_no_slip(url: str):
    assert isinstance(controls.read_hidden_url(url), HiddenUrl)
