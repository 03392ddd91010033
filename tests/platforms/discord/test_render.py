"""Documents as Discord messages: within every limit, with all text and working buttons."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Style,
    Text,
)
from bot.core.ports import DeliveryKey
from bot.platforms.discord import sdk
from bot.platforms.discord.rendering import controls, markdown
from bot.platforms.discord.rendering.payload import (
    CommandButton,
    LinkButton,
    Payload,
    Select,
    size,
    within,
)
from bot.platforms.discord.rendering.render import render, render_kept, thread_name
from tests.fakes.discord import limits, spec
from tests.platforms.discord.documents import documents, texts
from tests.platforms.discord.reader import read, shown

KEY = DeliveryKey("d0123456789abcdef01234567")
keys = st.sampled_from([None, KEY])


def rendered(document: Document, key: DeliveryKey | None = None) -> tuple[Payload, ...]:
    """The messages of a document whose texts hold no LaTeX, whatever they look like."""
    return render(document, key, shown=str)


def body(payload: Payload) -> dict[str, Any]:
    found = sdk.parameters(payload, nonce=KEY).payload
    assert found is not None
    return found


def says(payloads: tuple[Payload, ...]) -> str:
    """All that the messages show, buttons aside."""
    parts = []
    for payload in payloads:
        parts += [shown(payload.content), *(shown(e.description) for e in payload.embeds)]
    return "\n".join(parts)


def lines_of(payload: Payload) -> list[str | None]:
    """The command lines behind the buttons and menus of a message, as pressing them reads."""
    hidden = controls.read_hidden_url(payload.embeds[0].url if payload.embeds else None)
    found = []
    for row in payload.rows:
        if isinstance(row, Select):
            written = [controls.option_line(option.value) for option in row.options]
        else:
            matches = [
                controls.BUTTON.fullmatch(b.custom_id) for b in row if isinstance(b, CommandButton)
            ]
            written = [match["line"] for match in matches if match]
        found += [controls.full_line(line, hidden.lines) for line in written]
    return found


def mark_of(payload: Payload) -> controls.Mark | None:
    for row in payload.rows:
        for held in [row] if isinstance(row, Select) else row:
            if not isinstance(held, LinkButton):
                return controls.mark_of(held.custom_id)
    return controls.read_hidden_url(payload.embeds[0].url if payload.embeds else None).mark


def inlines_of(document: Document) -> Iterator[Inline]:
    for block in document.blocks:
        match block:
            case Heading(inlines) | Paragraph(inlines) | Quote(inlines) | Note(inlines):
                yield from inlines
            case Code(text):
                yield Text(text, Style.CODE)
            case Items(items):
                for item in items:
                    yield from (*item.inlines, *item.detail)
            case Fields(fields):
                for label, value in fields:
                    yield from (Text(label), *value)


def buttons_of(document: Document) -> list[Button]:
    found: list[Button] = []
    for block in document.blocks:
        if isinstance(block, Buttons):
            found += block.buttons
        if isinstance(block, Items):
            found += [item.button for item in block.items if item.button]
    return found


@settings(max_examples=40)
@given(document=documents, key=keys)
def test_no_message_is_over_any_limit(document: Document, key: DeliveryKey | None):
    for payload in rendered(document, key):
        limits.check_message(body(payload))


@settings(max_examples=20)
@given(document=documents, key=keys)
def test_a_document_that_calls_a_person_may_notify_that_person_alone(
    shared, document: Document, key: DeliveryKey | None
):
    calling = rendered(replace(document, calls="discord:12345678901234567890"), key)

    first, *others = [body(each) for each in calling]
    limits.check_message(first)
    assert spec.complaints("POST", "messages", first) == []
    assert first["content"].startswith("<@12345678901234567890>")
    assert first["allowed_mentions"] == {"parse": [], "users": ["12345678901234567890"]}
    assert all(each["allowed_mentions"] == {"parse": []} for each in others)
    assert rendered(replace(document, calls="slack:T1/U9"), key) == rendered(document, key)


@settings(max_examples=40)
@given(document=documents, key=keys)
def test_every_message_is_as_the_published_schema_wants_it(
    shared, document: Document, key: DeliveryKey | None
):
    for payload in rendered(document, key)[:3]:
        assert spec.complaints("POST", "messages", body(payload)) == []


def test_code_is_a_block_with_its_indentation_and_long_code_is_cut_at_lines():
    text = "@misc{a,\n  title = {**T**},\n}"
    (payload,) = rendered(Document((Code(text),), ""), None)

    long = rendered(Document((Code("\n".join(f"  {n:03} word" for n in range(500))),), ""), None)

    assert payload.content == f"```\n{text}\n```"
    blocks = [token.text for each in long for e in each.embeds for token in read(e.description)]
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    assert lines == [f"  {n:03} word" for n in range(500)]


@pytest.mark.parametrize("mark", ["+", "-", "-#", "##", "12.", ">"])
def test_a_text_that_is_cut_behind_a_mark_goes_on_as_text(mark: str):
    line = f"\n{mark} word"

    for length in range(15):
        text = "w" * length + line * 600
        for payload in rendered(Document((Paragraph((Link(text, "ftp://a.example"),)),), "")):
            for source in (payload.content, *(embed.description for embed in payload.embeds)):
                assert {token.kind for token in read(source)} <= {"text"}, length


def test_code_within_a_quote_stays_on_one_line():
    quote = Quote((Text("1. \n1. \n1. \n", Style.CODE),))

    (payload,) = rendered(Document((quote,), ""), None)

    assert payload.content.strip() == "> `1. 1. 1.`"


@settings(max_examples=40)
@example(Document((Quote((Text("1. \n1. \n1. \n", Style.CODE),)),), ""), None)
@given(document=documents, key=keys)
def test_no_word_is_lost_and_none_changes_places(document: Document, key: DeliveryKey | None):
    rest = iter(says(rendered(document, key)))

    for inline in inlines_of(document):
        for character in markdown.clean(inline.text):
            if character.isalnum():
                assert character in rest, (character, inline)


@pytest.mark.parametrize("before", [0, 950, 1890, 1905])
@pytest.mark.parametrize(
    "address", ["https://a.example/" + '"' * 600, "https://b.example/" + "x" * 1880]
)
def test_the_words_of_links_stay_whole_where_their_addresses_fill_a_message(address, before):
    names = ["1", "<!channel>", "2", "look here"]
    links = tuple(Link(name, address) for name in names)
    blocks = (Paragraph(links), Quote(links), Items((Item((Text("A"),), links),)))

    said = says(rendered(Document((Paragraph((Text("w" * before),)), *blocks), "Summary"), None))

    assert {name: said.count(name) for name in names[1::2]} == {"<!channel>": 3, "look here": 3}


@settings(max_examples=40)
@given(document=documents, key=keys)
def test_every_button_gives_its_command_or_stands_there_in_words(
    document: Document, key: DeliveryKey | None
):
    payloads = rendered(document, key)

    alive = [line for payload in payloads for line in lines_of(payload)]
    assert None not in alive
    wanted = [button.command for button in buttons_of(document) if button.command is not None]
    words = says(payloads)
    for line in wanted:
        if line in alive:
            alive.remove(line)
        else:
            assert re.sub(r"\s", "", line) in re.sub(r"[\s`]", "", words)
    assert alive == []


@settings(max_examples=40)
@given(document=documents)
def test_each_message_of_a_delivery_says_which_part_it_is(document: Document):
    payloads = rendered(document, KEY)

    for part, payload in enumerate(payloads, start=1):
        assert mark_of(payload) == controls.Mark(
            KEY, part, len(payloads), opens_thread=document.opens_thread
        )


@settings(max_examples=8)
@given(document=documents)
def test_what_was_laid_out_for_one_key_serves_every_key_of_its_length(document: Document):
    other, short = DeliveryKey("e" * len(KEY)), DeliveryKey("e")
    calling = replace(document, calls="discord:12345678901234567890")

    for each in (document, calling):
        for key in (KEY, other, None, short, KEY):
            # A function that was never seen before: nothing is kept for it.
            assert rendered(each, key) == render(each, key, shown=lambda text: text)


@settings(max_examples=40)
@example(document=Document((Code("\x02"), Code("@everyone")), ""))
@given(document=documents)
def test_nothing_in_a_document_does_anything_but_be_read(document: Document):
    wanted = {
        markdown.address(inline.url) for inline in inlines_of(document) if isinstance(inline, Link)
    }
    wanted |= {markdown.address(b.url) for b in buttons_of(document) if b.url is not None}

    for payload in rendered(document):
        for source in (payload.content, *(embed.description for embed in payload.embeds)):
            for token in read(source):
                assert token.kind in {
                    *("text", "strong", "em", "code", "codeblock", "link", "heading", "subtext"),
                    "quote",
                }
                if token.kind == "link":
                    assert token.url in wanted


WORDS = st.lists(st.sampled_from(["a_t", " ", "x_", "__", "\n", "\\", "word", "가_나"])).map(
    "".join
)
RUNS = st.lists(
    st.builds(Text, WORDS, st.sampled_from([Style.PLAIN, Style.CODE]))
    | st.builds(Link, WORDS, st.sampled_from(["https://a.example/a_b", "https://a.example/x_"])),
    max_size=4,
).map(tuple)
ANY_BLOCK = st.builds(Paragraph, RUNS) | st.builds(Note, RUNS) | st.builds(Code, WORDS)


@given(blocks=st.lists(ANY_BLOCK, max_size=4).map(tuple), times=st.integers(1, 300))
def test_an_underscore_within_a_word_emphasises_nothing(blocks: tuple[Block, ...], times: int):
    filling = Paragraph((Text("snake_case " * times),))

    for payload in rendered(Document((filling, *blocks, filling), "")):
        limits.check_message(body(payload))
        for source in (payload.content, *(embed.description for embed in payload.embeds)):
            assert "em" not in {token.kind for token in read(source)}, source


@given(name=texts)
def test_a_thread_has_a_name_within_the_limit(name: str):
    document = Document((Heading((Text(name * 20),)),), summary="", thread_name=name)

    for shaped in (document, replace(document, thread_name="")):
        limits.check_thread({"name": thread_name(shaped)})


@given(text=st.text(), most=st.integers(1, 50))
def test_a_label_is_cut_with_a_sign_of_it(text: str, most: int):
    cut = within(text, most)

    assert size(cut) <= most
    assert cut == text or cut.endswith("…")


PAPER = Document(
    (
        Heading((Link("Process Reinforcement: a study", "https://arxiv.org/abs/2502.01456"),)),
        Note((Text("Ada Example, 김예시 and 3 more · 4 February 2025 · arXiv:2502.01456"),)),
        Paragraph(
            (Text("보상 모델 없이 "), Link("이 논문", "https://arxiv.org/abs/1"), Text("을"))
        ),
        Divider(),
        Paragraph((Text("Without a reward model."),)),
        Note((Text("#rl #reasoning"),)),
        Buttons((Button("Similar papers", command="/paper similar:2502.01456"),)),
    ),
    summary="Process Reinforcement",
    opens_thread=True,
    thread_name="Process Reinforcement",
)


def test_a_paper_has_its_title_as_content_and_an_embed_a_language():
    (payload,) = rendered(PAPER, KEY)

    assert payload.content == (
        "### [Process Reinforcement: a study](<https://arxiv.org/abs/2502.01456>)\n"
        "-# Ada Example, 김예시 and 3 more · 4 February 2025 · arXiv:2502.01456"
    )
    assert [embed.description for embed in payload.embeds] == [
        "보상 모델 없이 [이 논문](<https://arxiv.org/abs/1>)을",
        "Without a reward model.\n-# #rl #reasoning",
    ]
    assert lines_of(payload) == ["/paper similar:2502.01456"]


def test_a_sentence_without_a_title_is_content_alone():
    document = Document((Paragraph((Text("There is nothing for today."),)),), summary="")

    assert rendered(document) == (Payload("There is nothing for today."),)


def test_a_list_with_a_button_a_row_gets_one_menu():
    rows = tuple(
        Item((Text(f"Paper {n}"),), (Text("1 May"),), n, Button("Read", f"/paper entry:{n}"))
        for n in range(1, 31)
    )

    (payload,) = rendered(Document((Heading((Text("Found"),)), Items(rows)), summary=""))

    menus = [row for row in payload.rows if isinstance(row, Select)]
    assert [len(menu.options) for menu in menus] == [25, 5]
    assert {menu.placeholder for menu in menus} == {"Read"}
    assert menus[0].options[0].label == "1. Paper 1"
    assert payload.embeds[0].description.startswith("**1.** Paper 1\n-# 1 May\n\n**2.** Paper 2")


def test_a_long_document_goes_on_and_its_buttons_stay_with_its_beginning():
    long = replace(
        PAPER, blocks=(*PAPER.blocks[:3], Paragraph((Text("말 " * 9000),)), PAPER.blocks[-1])
    )

    payloads = rendered(long, KEY)

    assert len(payloads) > 2
    assert payloads[0].rows
    assert not any(payload.rows for payload in payloads[1:])
    assert [payload.embeds[-1].footer for payload in payloads] == [
        f"{part}/{len(payloads)}" for part in range(1, len(payloads) + 1)
    ]


def test_megabytes_of_text_are_split_in_reasonable_time():
    document = Document((Paragraph((Text("가나다 <@1> " * 100_000),)),), summary="")

    payloads = rendered(document, KEY)

    assert len(payloads) > 100


def test_formulas_are_made_readable_before_anything_is_escaped():
    (message,) = render(Document((Paragraph((Text("$\\alpha_t$ and $x^*$"),)),), ""))

    assert message.content == "αₜ and x\\*"


def test_what_was_laid_out_lately_is_found_for_other_keys_too():
    document = Document((Heading((Text("Laid out once"),)),), "")
    other = DeliveryKey(KEY[::-1])
    assert render_kept(document, KEY) is None

    for_key = render(document, KEY)

    assert render_kept(document, KEY) == for_key
    assert render_kept(document, other) == render(document, other) != for_key


def test_a_long_document_is_laid_out_each_time():
    document = Document((Paragraph((Text("words " * 3000),)),), "")
    render(document, KEY)
    assert render_kept(document, KEY) is None
