"""What is offered while somebody types."""

from collections.abc import AsyncIterator

import pytest

from bot.core.database.database import Database
from bot.lookup.services.completion import LONGEST, complete
from tests.archive_stage import an_entry, keep, keep_apart
from tests.databases import throw_away


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    async with throw_away() as database:
        await keep_apart(
            database,
            an_entry("Scaling Laws", authors=("Yejin Choi",), tags="reasoning scaling-law"),
            an_entry("On Reasoning", authors=("Jinwoo Lee",), tags="reasoning 강화학습"),
            an_entry("A" * 300, tags="rl"),
        )
        yield database


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("", ["reasoning", "rl", "scaling-law", "강화학습"]),
        ("reas", ["reasoning", "entry:2"]),
        ("#r", ["#reasoning", "#rl"]),
        ("-#r", ["-#reasoning", "-#rl"]),
        ("law", ["scaling-law", "entry:1"]),
        ("강화", ["강화학습"]),
        ("reasoning -#s", ["reasoning -#scaling-law"]),
        ("reasoning r", ["reasoning #reasoning", "reasoning #rl", "reasoning random"]),
        ("aut", ["author:"]),
        ("author:ch", ['author:"Yejin Choi"']),
        ("#rl author:jin", ['#rl author:"Jinwoo Lee"']),
        ('"reasoning wi', []),
        ('"on reas', []),
        ("“on reas", []),
        ('rl "on #reas', []),
        ('"scaling laws" -#s', ['"scaling laws" -#scaling-law']),
        ('author:"yejin ch', ['author:"Yejin Choi"']),
        ("#rl -author:“jinwoo le", ['#rl -author:"Jinwoo Lee"']),
        ('author:"yejin choi" author:"lee', ['author:"yejin choi" author:"Jinwoo Lee"']),
        ('path:"scaling la', ["path:entry:1.."]),
        ('path:entry:2.."scaling la', ["path:entry:2..entry:1"]),
        ('path:"on reasoning".."scaling la', ['path:"on reasoning"..entry:1']),
        ('#author:"yejin ch', []),
        ('xauthor:"yejin ch', []),
    ],
)
async def test_the_last_term_is_completed(db, typed, values):
    assert [choice.value for choice in await complete(db, typed)] == values


async def test_at_most_so_many_are_offered(db):
    assert len(await complete(db, "", limit=2)) == 2


@pytest.mark.parametrize("typed", ["aaa", f"{'b ' * 60}r", "\0", "%", "author:%"])
async def test_nothing_offered_is_too_long_for_a_platform(db, typed):
    for choice in await complete(db, typed):
        assert 0 < len(choice.label) <= LONGEST
        assert 0 < len(choice.value) <= LONGEST


async def test_the_best_title_is_offered_first(db):
    titles = ("LoRA: Ranks", "Why LoRA Works", "LoRA Learns", "QLoRA")
    await keep(db, *(an_entry(title, path=f"{title}.md") for title in titles))

    offered = await complete(db, "lora")

    assert [choice.label for choice in offered] == [
        "LoRA: Ranks",
        "LoRA Learns",
        "Why LoRA Works",
        "QLoRA",
    ]
