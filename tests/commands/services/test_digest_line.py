"""The options of `/digest` as people type them: read whole, or everything wrong is named at once."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.typed_dates import Days
from bot.channels.domain.typed_schedule import parse_time, parse_weekdays
from bot.commands.services import digest_line
from bot.core.domain import command_line, commands
from bot.core.domain.errors import ProblemsError, UserError
from bot.digest.services.options import parsing

TODAY = Days(date(2025, 2, 4))


def read(line: str) -> dict[str, str]:
    return dict(digest_line.read(command_line.parse_line(line).options, days=TODAY).options)


def problems(line: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        read(line)
    error = caught.value
    return [str(each) for each in (error.problems if isinstance(error, ProblemsError) else [error])]


def test_every_option_of_the_table_has_a_parser_and_suggested_values_are_read():
    options = [option for option in commands.DIGEST.options if not option.free]
    parsers = parsing.parsers(TODAY)

    assert set(parsers) == {option.name for option in options}
    for option in options:
        for value in option.values:
            parsers[option.name](value)


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("at:09:00 tz:Asia/Seoul", {"at": "09:00", "tz": "Asia/Seoul"}),
        ("at 09:00 Asia/Seoul", {"at": "09:00", "tz": "Asia/Seoul"}),
        ("at: 09:00 tz: asia/seoul", {"at": "09:00", "tz": "asia/seoul"}),
        ("9am", {"at": "9am"}),
        ("at 9:30 pm, every weekday", {"at": "9:30 pm", "weekdays": "every weekday"}),
        ("every mon, wed and fri 9am", {"weekdays": "every mon, wed and fri", "at": "9am"}),
        ("오전 9시", {"at": "오전 9시"}),
        ("평일 오후 6시 30분에", {"weekdays": "평일", "at": "오후 6시 30분에"}),
        ("매일 at:09:00", {"weekdays": "매일", "at": "09:00"}),
        ("weekends", {"weekdays": "weekends"}),
        ("weekdays 18:00", {"weekdays": "weekdays", "at": "18:00"}),
        ("weekdays:mon wed fri layout:compact", {"weekdays": "mon wed fri", "layout": "compact"}),
        ("weekdays mon wed compact", {"weekdays": "mon wed", "layout": "compact"}),
        ("tags:#rl -#moe at:9 pm", {"tags": "#rl -#moe", "at": "9 pm"}),
        ("#rl -#moe en,ko", {"tags": "#rl -#moe", "languages": "en,ko"}),
        ("at：09:00", {"at": "09:00"}),
        ("since:last friday 9am", {"since": "last friday", "at": "9am"}),
        ("since 2월 4일", {"since": "2월 4일"}),
        ("discussion off notices:on", {"discussion": "off", "notices": "on"}),
        ("AT:09:00, most:3", {"at": "09:00", "most": "3"}),
        ("at:09:00 한국어", {"at": "09:00", "languages": "한국어"}),
        ("layout titles english", {"layout": "titles", "languages": "english"}),
    ],
)
def test_options_are_read_however_they_are_written(line: str, options: dict[str, str]):
    assert read(f"/digest here {line}") == options
    assert read(f"/digest settings {line}") == options


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lang:en", ["There is no option “lang”; did you mean “languages”?"]),
        ("lang: en", ["There is no option “lang”; did you mean “languages”?"]),
        ("wekdays:mon", ["There is no option “wekdays”; did you mean “weekdays”?"]),
        ("colour:red", ["There is no option “colour”. The options are: at, tz"]),
        ("at:", ["A value is missing after “at:”: write at:09:00"]),
        ("layout:", ["missing after “layout:”: write layout:papers, layout:thread"]),
        ("layout", ["missing after “layout:”: write layout:papers, layout:thread"]),
        ("intro tz:UTC", ["A value is missing after “intro:”: write intro:on, intro:later"]),
        ("at:09:00 at:10:00", ["“at” is given twice: “10:00” and “09:00”"]),
        ("at:9", ["“9” may be morning or evening: write 09:00 or 21:00"]),
        ("at seven", ["“seven” is not a time of day"]),
        ("layout wide tz:UTC", ["“wide” is not a layout"]),
        ("tags", ["A value is missing after “tags:”"]),
        ("9", ["“9” may be morning or evening"]),
        ("25:00", ["“25:00” is not a time of day"]),
        ("9am Asia/Soul", ["no time zone “Asia/Soul”; did you mean Asia/Seoul?"]),
        ("9am seoul", ["did you mean Asia/Seoul?"]),
        ("9am please", ["“please” is not understood. Write options like at:09:00."]),
        ("since:soon", ["“soon” is not a date"]),
        (
            "at:25:00 tz:Nowhere/Land lang:en layout:wide languages:fr",
            ["“25:00” is not", "no time zone “Nowhere/Land”", "not a layout", "“fr”", "“lang”"],
        ),
    ],
)
def test_everything_that_is_wrong_is_named_at_once(line: str, said: list[str]):
    found = problems(f"/digest here {line}")

    assert len(found) == len(said)
    for words in said:
        assert any(words in problem for problem in found), found


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pause now", "“now” is not understood after “/digest pause”"),
        ("pause lang:en", "no option “lang”"),
        ("today at:09:00", "“at” belongs to /digest here, /digest settings"),
        ("2025-02-04 lang:en", "no option “lang”"),
        ("2025-02-04 layout:compact", "“layout” belongs to"),
        ("pasue", "There is no “pasue”; did you mean “/digest pause”?"),
        ("nonsense", "“nonsense” is not a date"),
        ("next", "There is no “next”; did you mean “/digest status”?"),
        ("next friday", "“next friday” is not a date"),
        ("stop", "did you mean “/digest pause”?"),
        ("언제", "did you mean “/digest status”?"),
        ("titles", "“titles” changes the digest: write “/digest settings titles”"),
        ("layout", "write “/digest settings layout”"),
        ("only #rl", "write “/digest settings #rl”"),
        ("at 7am", "write “/digest settings at 7am”"),
        ("7am", "write “/digest settings 7am”"),
        ("tags:#rl", "write “/digest settings tags:#rl”"),
        ("tags:#rl colour:red", "no option “colour”"),
        ("korean", "write “/digest settings korean”"),
    ],
)
def test_nothing_after_another_verb_or_a_date_is_ignored(line: str, said: str):
    assert any(said in problem for problem in problems(f"/digest {line}"))


TIMES = st.sampled_from(["09:00", "9am", "오전 9시", "9:00 am"])
DAYS = st.sampled_from(["every weekday", "평일", "mon-fri", "월화수목금"])
ZONES = st.sampled_from(["Asia/Seoul", "tz:Asia/Seoul", "in Asia/Seoul"])
LAYOUTS = st.sampled_from(["compact", "layout:compact", "layout compact"])


@given(st.tuples(TIMES, DAYS, ZONES, LAYOUTS).flatmap(st.permutations))
def test_values_are_read_in_any_order(parts: list[str]):
    options = read(f"/digest here {' '.join(parts)}")

    assert parse_time(options["at"]).hour == 9
    assert parse_weekdays(options["weekdays"]) == frozenset(range(5))
    assert (options["tz"], options["layout"]) == ("Asia/Seoul", "compact")


@given(st.lists(st.text(alphabet="atz:09 mon,오전시#-/en", min_size=1, max_size=8), max_size=6))
def test_any_line_is_read_or_refused(words: list[str]):
    with suppress(UserError):
        options = read(f"/digest here {' '.join(words)}")
        parsers = parsing.parsers(TODAY)
        for name, value in options.items():
            parsers[name](value)


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ('only:"#rl author:lee"', {"only": "#rl author:lee"}),
        ('at:09:00 only:"#rl author:lee" quiet:22-08', {"at": "09:00", "quiet": "22-08", "only": "#rl author:lee"}),
        ("only:“cites:2310.07831 2024..2025” 평일", {"only": "cites:2310.07831 2024..2025", "weekdays": "평일"}),
        ('only:"#rl"', {"only": "#rl"}),
        ('tags:"#rl -#moe"', {"tags": "#rl -#moe"}),
        ("only:reward model quiet:22 - 8", {"only": "reward model", "quiet": "22 - 8"}),
    ],
)  # fmt: skip
def test_a_value_in_quotes_may_have_colons_of_its_own(typed: str, options: dict[str, str]):
    assert read(f"/digest settings {typed}") == options


def test_a_wrong_query_in_quotes_says_what_is_wrong_with_it():
    assert set(problems('/digest settings only:"random #rl" quiet:25-8')) == {
        "“random” is no filter: write tags, words, author:lee or an arXiv id",
        "“25-8” is not a span of hours: write quiet:22-08, quiet:22:30-07:15 or quiet:off",
    }
