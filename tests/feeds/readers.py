"""Reads feeds as schemas and two independent readers do."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import feedparser
import feedparser_rs
from jsonschema import Draft202012Validator
from lxml import etree

_HERE = Path(__file__).parent


@cache
def _atom() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(_HERE / "atom.rng"))


@cache
def _json() -> Draft202012Validator:
    return Draft202012Validator(json.loads((_HERE / "json_feed.schema.json").read_text()))


def read(text: str) -> list[tuple[str, str, str]]:
    """Id, title and `updated` of the items of a valid feed; both readers agree on them."""
    items = _items_of_json(text) if text.startswith("{") else _items_of_atom(text)
    assert len({each for each, _, _ in items}) == len(items)
    return items


def _items_of_atom(text: str) -> list[tuple[str, str, str]]:
    _atom().assertValid(etree.fromstring(text.encode()))
    parsed = feedparser.parse(text.encode())
    assert not parsed.bozo
    items = [(each.id, each.title, each.updated) for each in parsed.entries]
    other = feedparser_rs.parse(text.encode())
    assert [each.id for each in other.entries] == [each for each, _, _ in items]
    return items


def _items_of_json(text: str) -> list[tuple[str, str, str]]:
    value: dict[str, Any] = json.loads(text)
    _json().validate(value)
    items = [(each["id"], each["title"], each["date_modified"]) for each in value["items"]]
    other = feedparser_rs.parse(text.encode())
    assert [each.id for each in other.entries] == [each for each, _, _ in items]
    return items
