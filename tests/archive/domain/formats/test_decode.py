import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.formats.decode import decode, encoding_warning
from bot.core.domain.errors import UnreadableError

KOREAN = "첫 줄\r\n조약돌 논문 (Mina Kang)\r\n"


def test_utf_8_round_trips_byte_for_byte_with_mark_and_line_ends() -> None:
    data = ("\ufeff" + KOREAN).encode()

    assert decode(data, "note.md").encode() == data
    assert encoding_warning(data, "note.md") is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_is_read_by_its_mark_and_reported(encoding: str) -> None:
    marked = KOREAN if encoding == "utf-16" else "\ufeff" + KOREAN
    data = marked.encode(encoding)

    assert decode(data, "note.md") == KOREAN
    warning = encoding_warning(data, "note.md")
    assert warning is not None
    assert "UTF-16" in warning.message


def test_korean_windows_text_is_read_and_reported_with_the_line_that_shows_it() -> None:
    data = b"plain\n" + KOREAN.encode("cp949")

    assert decode(data, "note.md") == "plain\n" + KOREAN
    warning = encoding_warning(data, "note.md")
    assert warning is not None
    assert (warning.line, "CP949" in warning.message) == (2, True)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"ok\n\n" + b"caf\xe9\n", 3),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 1),
        (b"a\rb\r\nc\nd\x00e", 4),
        (b"\x00" * 100, 1),
        (b"\xff\xfea\x00\n\x00b", 2),
        (b"\xff\xfe\x00\xd8", 1),
        (bytes(range(256)), 3),
    ],
)
def test_binary_files_are_refused_with_file_and_line(data: bytes, line: int) -> None:
    with pytest.raises(UnreadableError) as refused:
        decode(data, "folder/note.md")

    assert (refused.value.path, refused.value.line) == ("folder/note.md", line)


@given(st.binary())
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        text = decode(data, "note.md")
    except UnreadableError:
        return

    assert "\0" not in text
    if encoding_warning(data, "note.md") is None:
        assert text.encode() == data


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_utf_8_text_is_read(text: str) -> None:
    assert decode(text.encode(), "note.md") == text
