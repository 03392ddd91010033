from datetime import date

import pytest

from bot.archive.domain.dates import DateLine, named_date, parse_date_line

FEBRUARY_4 = date(2025, 2, 4)


@pytest.mark.parametrize(
    "line",
    [
        *("2025년 2월 4일", "2025년2월4일", "2025년 02월 04일 화요일", "2025년 2월 4일 (화)"),
        *("2025-02-04", "2025/02/04", "2025/2/4", "2025. 2. 4.", "2025.02.04 (Tue)"),
        *("February 4, 2025", "Feb. 4 2025", "Tuesday, February 4, 2025", "february 4th, 2025"),
        *("4 Feb 2025", "4 February 2025", "  4 FEB 2025:  ", "## 2025-02-04", "**2025-02-04**"),
        *("2025년\xa02월\xa04일", "２０２５年２月４日", "２０２５－０２－０４", "\ufeff2025-02-04"),
    ],
)
def test_date_lines_are_read(line: str) -> None:
    assert parse_date_line(line) == DateLine(FEBRUARY_4)


@pytest.mark.parametrize(
    "line", ["2025-02-30", "2025년 13월 1일", "February 30, 2025", "31 Apr 2025"]
)
def test_a_day_that_does_not_exist_is_a_date_line_without_a_date(line: str) -> None:
    assert parse_date_line(line) == DateLine(None)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "",
            "2025",
            "2025-02",
            "25-02-04",
            "2025-02/04",
            "4. 2. 2025",
            "2025-02-04 is when",
            "4 Foo 2025",
        ),
        *("Results of 2025-02-04", "#2025", "1234-02-04", "2025-02-04" * 9),
    ],
)
def test_other_lines_are_no_dates(line: str) -> None:
    assert parse_date_line(line) is None


@pytest.mark.parametrize(
    ("path", "on", "name"),
    [
        ("arXiv/2025/250204 Pebbles.md", FEBRUARY_4, "Pebbles"),
        ("arXiv/2021/250204 Pebbles.md", FEBRUARY_4, "Pebbles"),
        ("250204.md", FEBRUARY_4, "250204"),
        ("2025-02-04.txt", FEBRUARY_4, "2025-02-04"),
        ("2025-02-04 Pebbles.md", FEBRUARY_4, "Pebbles"),
        ("20250204_Pebbles.md", FEBRUARY_4, "Pebbles"),
        ("2025/02/04/Pebbles.md", FEBRUARY_4, "Pebbles"),
        ("2025/02/04 Pebbles.md", FEBRUARY_4, "Pebbles"),
        ("notes/2025-02-04/Pebbles v1.5.md", FEBRUARY_4, "Pebbles v1.5"),
        ("notes/250204/Pebbles", FEBRUARY_4, "Pebbles"),
        ("2025/02/Pebbles.md", date(2025, 2, 1), "Pebbles"),
        ("2025/Pebbles.md", None, "Pebbles"),
        ("100000 Pebbles.md", None, "100000 Pebbles"),
        ("999999 Pebbles.md", None, "999999 Pebbles"),
        ("2502041 Pebbles.md", None, "2502041 Pebbles"),
        ("-", None, "-"),
    ],
)
def test_the_date_of_a_path_is_in_its_name_else_in_its_folders(
    path: str, on: date | None, name: str
) -> None:
    found = named_date(path)

    assert (found.on, found.name, found.impossible) == (on, name, "")


@pytest.mark.parametrize("path", ["250230 Pebbles.md", "2025/02/250230 Pebbles.md"])
def test_an_invalid_day_in_a_file_name_is_reported_and_not_used(path: str) -> None:
    found = named_date(path)

    assert (found.on, found.name, found.impossible) == (None, "250230 Pebbles", "250230")
