from dataclasses import replace
from datetime import UTC, date, datetime

from bot.archive.domain import present_entry
from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import (
    Commentary,
    Entry,
    EntryId,
    Language,
    Paper,
    Source,
    SourceKind,
    StoredEntry,
)
from bot.channels.domain.digest_options import Layout, TagFilter
from bot.core.domain import command_line
from bot.core.domain.document import (
    Buttons,
    Divider,
    Document,
    Heading,
    Items,
    Link,
    Note,
    Paragraph,
    Text,
    dump,
    plain_text,
)
from bot.core.domain.i18n import ENGLISH
from bot.digest.domain import present_digest
from bot.digest.domain.digest import Digest, compile_digest
from bot.lookup.domain import present_lookup

DAY = date(2025, 2, 4)


def stored(number: int, *tags: str, withdrawn: bool = False, korean: bool = True) -> StoredEntry:
    commentary = [Commentary(Language.EN, (f"An English thought {number}.",))]
    if korean:
        commentary.insert(0, Commentary(Language.KO, (f"한국어 생각 {number}.",)))
    entry = Entry(
        Paper(
            f"Paper {number}", ("A. One", "B. Two", "C. Three", "D. Four"), ArxivId("2501.00001")
        ),
        Source(SourceKind.DIGEST_PAGE, "page.txt", number),
        DAY,
        tuple(commentary),
        tags,
    )
    return StoredEntry(
        EntryId(number), entry, datetime(2025, 2, 5, tzinfo=UTC) if withdrawn else None
    )


def words(document: Document) -> str:
    return "\n".join(
        plain_text(block.inlines)
        for block in document.blocks
        if isinstance(block, Heading | Paragraph)
    )


def test_a_digest_leaves_out_withdrawn_unwanted_and_repeated_entries() -> None:
    found = [
        stored(1, "rl"),
        stored(2, "rl", "moe"),
        stored(3, "rl", withdrawn=True),
        stored(1, "rl"),
        stored(4),
    ]

    digest = compile_digest(found, on=DAY, tags=TagFilter(frozenset({"rl"}), frozenset({"moe"})))

    assert [entry.id for entry in digest.entries] == [1]
    assert digest.left_out == 0


def test_a_digest_counts_the_papers_it_leaves_out() -> None:
    digest = compile_digest([stored(n) for n in range(5)], on=DAY, most=3)

    assert len(digest.entries) == 3
    assert digest.left_out == 2


def test_the_papers_layout_is_a_header_and_a_message_a_paper_with_stable_parts() -> None:
    digest = Digest(DAY, (stored(7), stored(9)))

    posts = present_digest.present_digest(
        digest, languages=(Language.KO,), layout=Layout.PAPERS, say=ENGLISH
    )

    assert [post.part for post in posts] == ["header", "entry-7", "entry-9"]
    assert [post.entry_id for post in posts] == [None, 7, 9]
    assert "2 papers" in words(posts[0].document)
    assert [post.document.opens_thread for post in posts] == [False, True, True]


def presented(layout: Layout, *entries: StoredEntry) -> tuple[present_digest.Post, ...]:
    return present_digest.present_digest(
        Digest(DAY, entries), languages=tuple(Language), layout=layout, say=ENGLISH
    )


def lines_of(document: Document) -> list[str]:
    """The command lines of a document's buttons."""
    rows = [block.buttons for block in document.blocks if isinstance(block, Buttons)]
    return [button.command or "" for row in rows for button in row]


def test_the_thread_layout_is_one_message_with_the_papers_in_its_thread() -> None:
    day, *papers = presented(Layout.THREAD, stored(7, "rl"), stored(9, "rl", "moe"))

    titles = next(block for block in day.document.blocks if isinstance(block, Items))
    assert [plain_text(item.inlines) for item in titles.items] == ["Paper 7", "Paper 9"]
    assert "#rl #moe" in dump(day.document)
    assert day.document.opens_thread
    assert [paper.reply_to for paper in papers] == [day.part, day.part]
    assert [paper.entry_id for paper in papers] == [7, 9]
    for paper in papers:
        assert "한국어 생각" in words(paper.document)
        assert f"/digest discuss entry:{paper.entry_id}" in lines_of(paper.document)
        assert not paper.document.opens_thread


def test_the_compact_layout_has_every_language_of_every_paper_in_full() -> None:
    long = replace(
        stored(9),
        entry=replace(
            stored(9).entry, commentary=(Commentary(Language.EN, ("word " * 400 + "end", "more")),)
        ),
    )

    [post] = presented(Layout.COMPACT, stored(7, "rl"), long)

    text = words(post.document)
    assert "한국어 생각 7." in text
    assert "An English thought 7." in text
    assert "end\nmore" in text
    assert "/digest discuss entry:9" in lines_of(post.document)


def test_the_titles_layout_is_a_line_per_paper_with_buttons() -> None:
    [post] = presented(Layout.TITLES, stored(7), stored(9, withdrawn=True))

    rows = next(block for block in post.document.blocks if isinstance(block, Items))
    assert [item.detail for item in rows.items] == [(), ()]
    assert [item.button.command for item in rows.items if item.button] == [
        "/paper entry:7",
        "/paper entry:9",
    ]
    assert lines_of(post.document) == ["/digest discuss entry:7"]


def test_the_languages_come_in_the_channels_order_with_a_break_between() -> None:
    both = present_entry.present_entry(stored(1), languages=(Language.EN, Language.KO), say=ENGLISH)
    korean = present_entry.present_entry(stored(1), languages=(Language.KO,), say=ENGLISH)

    assert words(both) == "Paper 1\nAn English thought 1.\n한국어 생각 1."
    assert sum(isinstance(block, Divider) for block in both.blocks) == 1
    assert words(korean) == "Paper 1\n한국어 생각 1."


def buttons_of(document: Document) -> list[tuple[str, str]]:
    """Label and command line or address of each button."""
    rows = [block.buttons for block in document.blocks if isinstance(block, Buttons)]
    return [(each.label, each.command or each.url or "") for row in rows for each in row]


def entry_document(*tags: str, paper: Paper | None = None) -> Document:
    found = stored(1, *tags)
    if paper is not None:
        found = replace(found, entry=replace(found.entry, paper=paper))
    return present_entry.present_entry(found, languages=(Language.EN,), say=ENGLISH)


def title_address(document: Document) -> str | None:
    title = document.blocks[0]
    assert isinstance(title, Heading)
    (inline,) = title.inlines
    return inline.url if isinstance(inline, Link) else None


def test_the_tags_of_an_entry_are_looked_up_and_its_pdf_is_opened_by_buttons() -> None:
    document = entry_document("rl", "보상-모델")

    assert buttons_of(document) == [
        ("#rl", "/paper #rl"),
        ("#보상-모델", "/paper #보상-모델"),
        ("Abstract and references", "/paper entry:1"),
        ("한국어", "/paper entry:1 language:ko"),
        ("Similar papers", "/paper similar:2501.00001"),
        ("PDF", "https://arxiv.org/pdf/2501.00001"),
        ("Follow #rl", "/follow #rl"),
    ]


def test_many_tags_fill_one_row_of_buttons_and_the_others_are_text() -> None:
    document = entry_document(*(f"t{n}" for n in range(7)))

    assert [label for label, _ in buttons_of(document)][:6] == [
        *("#t0", "#t1", "#t2", "#t3", "#t4", "Abstract and references")
    ]
    assert Note((Text("#t5 #t6"),)) in document.blocks


def test_a_paper_without_an_arxiv_id_leads_to_a_search_for_its_title() -> None:
    unknown = Paper("Zebra-Logic: $\\alpha$ & “Limits”", ())
    linked = Paper("Elsewhere", (), url="https://openreview.net/forum?id=1")
    korean = Paper("한국어 제목", ())

    searched = title_address(entry_document(paper=unknown))

    assert searched == ("https://arxiv.org/search/?query=Zebra-Logic+alpha+Limits&searchtype=title")
    assert title_address(entry_document(paper=linked)) == "https://openreview.net/forum?id=1"
    assert title_address(entry_document(paper=korean)) is None
    assert "PDF" not in dict(buttons_of(entry_document(paper=unknown)))


def test_commentary_in_another_language_is_shown_if_there_is_no_other() -> None:
    document = present_entry.present_entry(
        stored(1, korean=False), languages=(Language.KO,), say=ENGLISH
    )

    assert "An English thought 1." in words(document)


def test_an_empty_digest_posts_nothing() -> None:
    for layout in Layout:
        assert (
            present_digest.present_digest(Digest(DAY, ()), languages=(), layout=layout, say=ENGLISH)
            == ()
        )


def test_a_digest_that_makes_up_for_missed_days_says_so() -> None:
    late = compile_digest([stored(1)], on=date(2025, 2, 5), missed=(date(2025, 2, 3), DAY))

    document = present_digest.present_list(late, say=ENGLISH)

    assert late.missed == (DAY,)
    assert any(
        "4 February 2025" in plain_text(getattr(block, "inlines", ())) for block in document.blocks
    )


def test_every_button_carries_a_line_that_the_command_table_reads() -> None:
    documents = [
        present_digest.present_list(Digest(DAY, (stored(1), stored(2)), left_out=3), say=ENGLISH),
        present_entry.present_entry(
            stored(1, "rl"), languages=present_entry.LANGUAGES, say=ENGLISH
        ),
        present_entry.present_entry(
            stored(1), languages=present_entry.LANGUAGES, say=ENGLISH, detailed=True
        ),
        present_lookup.present_nothing("resoning", ("reasoning",), ENGLISH),
        present_lookup.present_results(
            "#rl words",
            [stored(1)],
            page=2,
            per_page=10,
            more=True,
            total=31,
            languages=present_entry.LANGUAGES,
            say=ENGLISH,
        ),
    ]

    for document in documents:
        buttons = [
            button
            for block in document.blocks
            if isinstance(block, Buttons)
            for button in block.buttons
        ] + [
            item.button
            for block in document.blocks
            if isinstance(block, Items)
            for item in block.items
            if item.button is not None
        ]
        assert buttons or document.blocks
        for button in buttons:
            assert (button.command is None) != (button.url is None)
            if button.command is not None:
                command_line.parse_line(button.command)


def test_a_page_of_results_turns_both_ways() -> None:
    document = present_lookup.present_results(
        "rl",
        [stored(1)],
        page=2,
        per_page=10,
        more=True,
        total=31,
        languages=present_entry.LANGUAGES,
        say=ENGLISH,
    )

    last = document.blocks[-1]
    assert isinstance(last, Buttons)
    assert [button.command for button in last.buttons] == [
        "/paper rl page:1",
        "/paper rl page:3",
        "/paper bib rl page:2",
    ]
