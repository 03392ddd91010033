"""The query language, as far as anybody needs it: fields, phrases, AND, OR, ANDNOT, groups."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from tests.fakes.arxiv.world import Paper

Test = Callable[[Paper], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<op>ANDNOT|AND|OR)\b"
    r'|(?P<field>[A-Za-z]+):(?:"(?P<phrase>[^"]*)"|(?P<span>\[[^\]]*\])|(?P<word>[^\s()"]+)))'
)
_WORD = re.compile(r"[^\W_]+")


class BadQueryError(ValueError):
    """What arXiv answers with 400."""


def parse_query(text: str) -> Test:
    """Which papers a query finds."""
    tokens: list[re.Match[str]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadQueryError(text[at : at + 20])
        tokens.append(match)
        at = match.end()
    test, rest = _expression(tokens)
    if rest:
        raise BadQueryError(rest[0][0])
    return test


def _expression(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    test, rest = _term(tokens)
    while rest and rest[0]["op"]:
        right, after = _term(rest[1:])
        test = _joined(rest[0]["op"], test, right)
        rest = after
    return test, rest


def _term(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    if not tokens:
        raise BadQueryError("it ends too early")
    first, rest = tokens[0], tokens[1:]
    if first["open"]:
        test, rest = _expression(rest)
        if not rest or not rest[0]["close"]:
            raise BadQueryError("no closing parenthesis")
        return test, rest[1:]
    if not first["field"]:
        raise BadQueryError(first[0])
    value = first["phrase"] or first["span"] or first["word"] or ""
    return _field(first["field"], value, is_phrase=first["phrase"] is not None), rest


def _joined(operator: str, left: Test, right: Test) -> Test:
    if operator == "AND":
        return lambda paper: left(paper) and right(paper)
    if operator == "OR":
        return lambda paper: left(paper) or right(paper)
    return lambda paper: left(paper) and not right(paper)


def _field(name: str, value: str, *, is_phrase: bool) -> Test:
    wanted = _words(value)
    match name:
        case "ti" if is_phrase:
            return lambda paper: f" {' '.join(wanted)} " in f" {' '.join(_words(paper.title))} "
        case "ti":
            return lambda paper: set(wanted) <= set(_words(paper.title))
        case "au":
            return lambda paper: set(wanted) <= set(_words(" ".join(paper.authors)))
        case "all":
            return lambda paper: set(wanted) <= set(_words(f"{paper.title} {paper.abstract}"))
        case "cat":
            return lambda paper: any(fnmatchcase(listed, value) for listed in paper.categories)
        case "submittedDate":
            since, until = _span(value)
            return lambda paper: since <= paper.submitted_at <= until
        case _:
            raise BadQueryError(name)


def _span(value: str) -> tuple[datetime, datetime]:
    try:
        since, until = value.strip("[]").split(" TO ")
        return _minute(since), _minute(until)
    except ValueError as error:
        raise BadQueryError(value) from error


def _minute(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
