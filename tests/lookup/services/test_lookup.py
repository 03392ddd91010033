"""Look-ups in a real database: every term of the language, pages, near-misses, one entry."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.archive.domain.entry import EntryId, Language, SourceKind
from bot.archive.domain.present_entry import row
from bot.archive.store import entry_changes
from bot.core.database.database import Database
from bot.core.domain.errors import NotFoundError, QueryError
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import MessageRef, parse_channel
from bot.discussion.services import entry_page
from bot.lookup.domain.query_terms import Tag
from bot.lookup.services import lookup
from bot.reactions.store import reactions
from bot.reactions.store.reactions import Given
from tests.archive_stage import NOW, an_entry, found, keep, keep_apart


@pytest.fixture
async def library(db: Database) -> Database:
    """A few entries, oldest first."""
    await keep_apart(
        db,
        an_entry("Attention", arxiv_id="1706.03762", on=date(2017, 6, 12), tags="transformer"),
        an_entry(
            "Mixture",
            arxiv_id="2401.04088",
            authors=("Albert Jiang", "Kyungmin Lee"),
            on=date(2024, 1, 8),
            ko="전문가를 섞는 모델입니다.",
            tags="moe lm",
            cites=("1706.03762",),
        ),
        an_entry(
            "Rewards",
            arxiv_id="2502.01456",
            authors=("Ganqu Cui", "Lifan Yuan"),
            on=date(2025, 2, 3),
            ko="보상 모델을 학습한다.",
            en="Dense rewards for reasoning.",
            tags="rl reward_model reasoning",
            cites=("1706.03762", "2412.01981"),
        ),
        an_entry(
            "Puzzles",
            url="https://example.org/puzzles",
            authors=("Yejin Choi", "Jinwoo Lee"),
            on=date(2025, 2, 4),
            abstract="We test reasoning on logic puzzles.",
            ko="추론 벤치마크. 모델에 보상은 없다.",
            tags="reasoning benchmark",
        ),
        an_entry("Undated", on=None, ko="날짜 없는 글", tags="GAN"),
    )
    return db


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Puzzles", "Rewards", "Mixture", "Attention", "Undated"]),
        ("reasoning", ["Puzzles", "Rewards"]),
        ("Reward-Model", ["Rewards"]),
        ("#reward_model", ["Rewards"]),
        ("gan", ["Undated"]),
        ("#reasoning -#rl", ["Puzzles"]),
        ("-#reasoning", ["Mixture", "Attention", "Undated"]),
        ("#rl #benchmark", []),
        ("#nothing", []),
        ("-#nothing #rl", ["Rewards"]),
        ("모델", ["Puzzles", "Rewards", "Mixture"]),
        ("보상 모델", ["Puzzles", "Rewards"]),
        ('"보상 모델"', ["Rewards"]),
        ("모델 -보상", ["Mixture"]),
        ("-모델", ["Attention", "Undated"]),
        ("모델 #rl", ["Rewards"]),
        ("모델 -#rl", ["Puzzles", "Mixture"]),
        ("author:lee", ["Puzzles", "Mixture"]),
        ('author:"yejin choi"', ["Puzzles"]),
        ('author:"choi jinwoo"', []),
        ("author:lee -author:choi", ["Mixture"]),
        ("-author:lee", ["Rewards", "Attention", "Undated"]),
        ("lee #lm", ["Mixture"]),
        ("date:2025", ["Puzzles", "Rewards"]),
        ("date:2025-02-03", ["Rewards"]),
        ("before:2025", ["Mixture", "Attention"]),
        ("after:2025-02-03", ["Puzzles"]),
        ("after:2017 before:2025", ["Mixture"]),
        ("-date:2025", ["Mixture", "Attention", "Undated"]),
        ("모델 date:2024", ["Mixture"]),
        ("모델 -date:2024", ["Puzzles", "Rewards"]),
        ("2502.01456", ["Rewards"]),
        ("https://arxiv.org/pdf/2502.01456v3", ["Rewards"]),
        ("https://example.org/puzzles", ["Puzzles"]),
        ("2412.01981", []),
        ("-2502.01456 #reasoning", ["Puzzles"]),
        ("cites:1706.03762", ["Rewards", "Mixture"]),
        ("cites:2412.01981", ["Rewards"]),
        ("cites:1706.03762 #moe", ["Mixture"]),
        ("cites:1706.03762 보상", ["Rewards"]),
        ("-cites:1706.03762 모델", ["Puzzles"]),
        ("2502.01456 #moe", []),
        ("entry:1", ["Attention"]),
        ("entry:1 #moe", []),
        ("entry:999999999", []),
        ("reasoning date:2025-02-03", ["Rewards"]),
    ],
)
async def test_a_query_finds_these_the_newest_first(library, query, titles):
    assert await found(library, query) == titles


async def adapters(db: Database) -> None:
    """Entries that mention LoRA, each newer than the better hits."""
    about: dict[str, dict[str, Any]] = {
        "LoRA: Low-Rank Adaptation": {},
        "Low Ranks for LoRA": {},
        "LoRA Learns Less": {},
        "Small Ranks": {"tags": "lora_like"},
        "Adapters": {"authors": ("Lora Kim",)},
        "강화 학습에서 배우기": {"ko": "LoRA를 쓴다."},
        "Prompts": {"abstract": "Better than LoRA.", "ko": "강화학습 이야기."},
    }
    notes = (
        an_entry(title, on=date(2024, 1, day), **parts)
        for day, (title, parts) in enumerate(about.items(), start=1)
    )
    await keep_apart(db, *notes)


BEST_FIRST = [
    "LoRA: Low-Rank Adaptation",
    "LoRA Learns Less",
    "Low Ranks for LoRA",
    "Small Ranks",
    "Adapters",
    "강화 학습에서 배우기",
    "Prompts",
]
NEWEST_FIRST = [
    "Prompts",
    "강화 학습에서 배우기",
    "Adapters",
    "Small Ranks",
    "LoRA Learns Less",
    "Low Ranks for LoRA",
    "LoRA: Low-Rank Adaptation",
]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("lora", BEST_FIRST),
        ("LORA", BEST_FIRST),
        ("lora sort:new", NEWEST_FIRST),
        ("lora -adapters", [title for title in BEST_FIRST if title != "Adapters"]),
        ("lora date:2024", BEST_FIRST),
        ("lora author:kim", ["Adapters"]),
        ('"lora" learns', ["LoRA Learns Less"]),
        ("low rank adaptation", ["LoRA: Low-Rank Adaptation"]),
        ("ranks low", ["Low Ranks for LoRA"]),
        ("강화학습", ["강화 학습에서 배우기", "Prompts"]),
        ("강화 학습", ["강화 학습에서 배우기", "Prompts"]),
        ("sort:new", NEWEST_FIRST),
    ],
)
async def test_the_best_hit_comes_first(db, query, titles):
    await adapters(db)

    assert await found(db, query) == titles


async def test_a_paper_of_the_name_of_a_tag_comes_first_unless_the_tag_is_meant(db):
    await adapters(db)
    tagged = (
        an_entry(title, on=date(2020, 1, day), tags="lora", path=f"{title}.md")
        for day, title in enumerate(("LoRA", "LoRA, Again", "Other"), start=1)
    )
    await keep(db, *tagged)

    assert await found(db, "lora") == ["LoRA", "Other", "LoRA, Again"]
    assert await found(db, "#lora") == ["Other", "LoRA, Again", "LoRA"]
    assert await found(db, "lora sort:new") == ["Other", "LoRA, Again", "LoRA"]


async def test_a_known_tag_alone_is_the_tag(library):
    await keep(library, an_entry("Only mentions it", en="About reasoning.", path="other.md"))

    results = await lookup.look_up(library, "reasoning")

    assert results.query.terms == (Tag("reasoning"),)
    assert "Only mentions it" not in await found(library, "reasoning")
    assert "Only mentions it" in await found(library, '"reasoning"')
    assert "Only mentions it" in await found(library, "about reasoning")


async def test_a_tag_that_no_entry_carries_any_more_is_a_word_again(db):
    await keep_apart(db, an_entry("Tagged", tags="reasoning"), an_entry("Said", en="reasoning"))
    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, [EntryId(1)], now=NOW)

    assert await found(db, "reasoning") == ["Said"]


async def test_a_page_of_a_day_is_listed_in_its_order(db):
    await keep(
        db,
        *(
            an_entry(f"Paper {n}", part=n, path="2025-02-04.txt", kind=SourceKind.DIGEST_PAGE)
            for n in range(3)
        ),
    )

    assert await found(db, "date:2025-02-04") == ["Paper 0", "Paper 1", "Paper 2"]


async def test_what_is_found_comes_in_pages(db):
    await keep_apart(db, *(an_entry(f"Paper {n}", on=date(2025, 1, n)) for n in range(1, 26)))

    pages = [await lookup.look_up(db, "", page=page) for page in (1, 2, 3, 4)]

    assert [len(page.entries) for page in pages] == [10, 10, 5, 0]
    assert [page.more for page in pages] == [True, True, False, False]
    assert [page.total for page in pages] == [25, 25, 25, 25]
    listed = [stored.entry.paper.title for page in pages for stored in page.entries]
    assert listed == [f"Paper {n}" for n in range(25, 0, -1)]


async def test_a_page_in_brief_looks_the_same_in_a_list(library):
    for query in ("", "reasoning", "moe", "date:2025"):
        whole = await lookup.look_up(library, query)
        brief = await lookup.look_up(library, query, in_brief=True)

        assert [listed(each) for each in brief.entries] == [listed(each) for each in whole.entries]
        assert replace(brief, entries=()) == replace(whole, entries=())
        if len(whole.entries) == 1:
            assert brief == whole


def listed(stored):
    return [
        row(stored, 1, languages=languages, say=ENGLISH)
        for languages in ((Language.KO, Language.EN), (Language.EN,))
    ]


async def test_beyond_a_thousand_nothing_is_counted(db):
    tagged = {63: "few", 64: "some", 65: "many"}

    def tags(n: int) -> str:
        return " ".join(["t", *(tag for count, tag in tagged.items() if n < count)])

    await keep_apart(db, *(an_entry(f"Paper {n}", tags=tags(n)) for n in range(1001)))

    results = await lookup.look_up(db, "t")
    totals = {
        count: {(await lookup.look_up(db, f"#{tag}", page=page)).total for page in (1, 6, 7, 8)}
        for count, tag in tagged.items()
    }

    assert (results.total, results.more) == (None, True)
    assert totals == {count: {count} for count in tagged}


async def test_a_withdrawn_entry_is_in_no_look_up(library):
    async with library.transaction() as tx:
        await entry_changes.withdraw(tx, [EntryId(3)], now=NOW)

    for query in ("", "rl", "#reasoning", "보상", "cites:2412.01981", "2502.01456", "date:2025-02"):
        assert "Rewards" not in await found(library, query)
    assert (await entry_page.show(library, "3")).stored.withdrawn_at == NOW


async def test_random_finds_one_and_chance_decides(library):
    seen = set()
    for seed in range(40):
        results = await lookup.look_up(library, "random", chance=Random(seed))
        (stored,) = results.entries
        seen.add(stored.entry.paper.title)
    chosen = await lookup.look_up(library, "random #rl", chance=Random(1))

    assert seen == {"Attention", "Mixture", "Rewards", "Puzzles", "Undated"}
    assert [stored.entry.paper.title for stored in chosen.entries] == ["Rewards"]
    assert (await lookup.look_up(library, "random #nothing")).entries == ()


async def test_similar_entries_share_tags_words_and_references(library):
    assert sorted(await found(library, "similar:2502.01456")) == ["Attention", "Mixture", "Puzzles"]
    assert await found(library, "similar:2502.01456 #benchmark") == ["Puzzles"]
    assert await found(library, "similar:9912.00000") == []


@pytest.mark.parametrize(
    ("query", "suggestions"),
    [
        ("resoning", ("reasoning",)),
        ("#resoning", ("#reasoning",)),
        ("#resoning -#moe", ("#reasoning -#moe",)),
        ("reward-modle", ("reward-model",)),
        ("author:chio", ("author:choi",)),
        ("nothinglikeit", ()),
        ("#reasoning #moe", ()),
        ("date:1999", ()),
    ],
)
async def test_a_near_miss_gets_suggestions(library, query, suggestions):
    results = await lookup.look_up(library, query)

    assert results.entries == ()
    assert results.suggestions == suggestions


async def test_what_is_found_needs_no_suggestions(library):
    assert (await lookup.look_up(library, "rl")).suggestions == ()


async def test_what_does_not_parse_is_an_error(library):
    with pytest.raises(QueryError):
        await lookup.look_up(library, "date:tomorrow")


async def test_one_entry_is_shown_with_its_related_entries(db):
    await keep(
        db,
        an_entry("Old", arxiv_id="1706.03762", on=date(2017, 6, 12), path="2017/Old.md"),
        an_entry(
            "New",
            arxiv_id="2502.01456",
            path="2025/New.md",
            cites=("1706.03762", "2412.01981"),
            links=("Old", "Missing"),
        ),
        an_entry("Newer", arxiv_id="2503.00001", cites=("2502.01456",), path="2025/Newer.md"),
        an_entry("New, again", arxiv_id="2502.01456", on=date(2025, 3, 1), path="2025/Again.md"),
    )

    page = await entry_page.show(db, "2")
    old = await entry_page.show(db, "entry:1")

    assert page.stored.entry.paper.title == "New"
    assert [(m.reference.title, m.entry_id) for m in page.mentions] == [("Old", 1), (None, None)]
    assert [related.title for related in page.cited_by] == ["Newer"]
    assert [related.title for related in page.links] == ["Old"]
    assert [related.title for related in page.same_paper] == ["New, again"]
    assert [related.title for related in old.linked_by] == ["New"]
    assert [related.title for related in old.cited_by] == ["New"]


async def test_a_link_leads_somewhere_as_soon_as_the_other_note_comes(db):
    await keep(db, an_entry("Early", links=("250301 Late.md",), path="Early.md"))
    assert (await entry_page.show(db, "1")).links == ()

    await keep(db, an_entry("Late", path="notes/250301 late.md"))

    assert [related.title for related in (await entry_page.show(db, "1")).links] == ["Late"]
    assert [related.title for related in (await entry_page.show(db, "2")).linked_by] == ["Early"]


async def test_a_link_with_a_folder_leads_to_the_note_in_that_folder(db):
    await keep(
        db,
        an_entry("First", path="2024/Same.md"),
        an_entry("Second", path="2025/Same.md"),
        an_entry("Linking", links=("2025/Same|this",), path="Linking.md"),
    )

    assert [related.title for related in (await entry_page.show(db, "3")).links] == ["Second"]
    assert (await entry_page.show(db, "1")).linked_by == ()


@pytest.mark.parametrize(
    "ref", ["2502.01456", "arXiv:2502.01456v1", "https://arxiv.org/abs/2502.01456"]
)
async def test_an_entry_is_shown_by_its_paper_too(library, ref):
    assert (await entry_page.show(library, ref)).stored.entry.paper.title == "Rewards"


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        ("999", "no entry 999"),
        ("2412.01981", "Entries that refer to it: 1; see “cites:2412.01981”"),
        ("2001.00001", "no entry about 2001.00001"),
        ("https://example.org/none", "no entry about https://example.org/none"),
        ("attention", "paperbot lookup"),
        ("", "paperbot lookup"),
    ],
)
async def test_an_error_for_an_unknown_entry_says_what_exists(library, ref, says):
    with pytest.raises(NotFoundError) as raised:
        await entry_page.show(library, ref)

    assert says in str(raised.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=50))
async def test_no_query_breaks_anything(library, text):
    with suppress(QueryError):
        await lookup.look_up(library, text)


async def test_popular_puts_the_most_liked_first_and_leaves_out_what_nobody_likes(
    library: Database,
):
    everything = (await lookup.look_up(library, "", per_page=100)).entries
    ids = {stored.entry.paper.title: stored.id for stored in everything}
    likes = [
        ("Rewards", "ada", NOW),
        ("Rewards", "bo", NOW),
        ("Attention", "ada", NOW - timedelta(days=1)),
        ("Attention", "bo", NOW - timedelta(days=20)),
        ("Attention", "cy", NOW - timedelta(days=20)),
        ("Puzzles", "ada", NOW - timedelta(days=20)),
    ]
    async with library.transaction() as tx:
        for title, person, at in likes:
            for channel in ("slack:T1/C1", "discord:1/2"):  # a person counts once
                message = MessageRef(parse_channel(channel), title)
                given = Given(message, f"web:{person}", "👍")
                await reactions.put(tx, given, ids[title], is_there=True, at=at)

    assert await found(library, "popular") == ["Attention", "Rewards", "Puzzles"]
    assert await found(library, f"popular:{NOW - timedelta(days=7):%Y-%m-%d}") == [
        "Rewards",
        "Attention",
    ]
    assert await found(library, "popular #rl") == ["Rewards"]
    assert await found(library, "reasoning sort:popular") == ["Rewards", "Puzzles"]
    assert await found(library, "similar:2502.01456 sort:popular") == ["Attention", "Puzzles"]
    assert await found(library, "random sort:popular #rl") == ["Rewards"]
