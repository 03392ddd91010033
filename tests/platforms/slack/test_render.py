import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock

from bot.core.domain.document import (
    Button,
    Buttons,
    Code,
    Document,
    Fields,
    Heading,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Style,
    Text,
    plain_text,
)
from bot.core.domain.i18n import ENGLISH
from bot.core.latex import readable
from bot.platforms.slack.delivery_mark import DeliveryMark, delivery_mark_of
from bot.platforms.slack.rendering.plain_message import without_blocks
from bot.platforms.slack.rendering.render import (
    Payload,
    render,
    render_home,
    with_content,
)
from bot.platforms.slack.rendering.text import cut, length, pieces, printable, shortened
from tests.fakes.slack.blocks import pings, problems
from tests.platforms.slack.documents import documents

KEY = "d0123456789abcdef01234567"


def rendered(document: Document) -> tuple[Payload, ...]:
    return render(document, mark=KEY)


def one(*blocks: Any, summary: str = "Summary") -> list[dict[str, Any]]:
    """The blocks of a document that fits one message, without their ids."""
    (payload,) = rendered(Document(blocks, summary))
    return [{k: v for k, v in block.items() if k != "block_id"} for block in payload.blocks]


def in_utf_16(value: Any) -> Any:
    """The same JSON in which every character counts as often as it has UTF-16 code units."""
    if isinstance(value, str):
        return "".join("xx" if character > "\uffff" else character for character in value)
    if isinstance(value, dict):
        return {name: in_utf_16(part) for name, part in value.items()}
    return [in_utf_16(part) for part in value] if isinstance(value, list) else value


def words(value: Any) -> str:
    """Everything that is said in some JSON of blocks, without spaces."""
    if isinstance(value, dict):
        said = [value["text"]] if isinstance(value.get("text"), str) else []
        below = [words(part) for name, part in value.items() if name != "text" or not said]
        return "".join([*said, *below]).replace(" ", "").replace("\n", "")
    if isinstance(value, list | tuple):
        return "".join(words(part) for part in value)
    return ""


def test_code_is_preformatted_with_its_indentation():
    (block,) = one(Code("@misc{a,\n  title = {*T*},\n}"))

    [part] = block["elements"]
    assert part["type"] == "rich_text_preformatted"
    assert part["elements"] == [{"type": "text", "text": "@misc{a,\n  title = {*T*},\n}"}]


@given(documents)
@hypothesis_settings(max_examples=80)
def test_every_document_keeps_within_slacks_limits(document):
    payloads = rendered(document)

    assert payloads
    for payload in payloads:
        assert payload.text
        assert len(in_utf_16(payload.text)) <= 4000
        if payload.blocks:
            assert problems(list(payload.blocks)) == []
            assert problems(in_utf_16(list(payload.blocks))) == []
        assert len(in_utf_16(json.dumps(payload.blocks, ensure_ascii=False))) <= 10_000
        json.dumps([payload.text, payload.blocks]).encode()
        assert json.loads(with_content({"mrkdwn": True}, payload)) == {
            "mrkdwn": True,
            "text": payload.text,
            "blocks": list(payload.blocks),
        }
        for block in SdkBlock.parse_all(list(payload.blocks)):
            block.validate_json()


@pytest.mark.parametrize("length", [149, 150, 151, 152, 2899, 2900, 2901, 3001, 12_000])
@pytest.mark.parametrize("kind", [Heading, Paragraph, Quote, Note])
@pytest.mark.parametrize("filler", ["가", "a b. ", '"', "&<>", "😀", "a😀", "👩‍👩‍👧", "🇰🇷", "👍🏼"])
def test_the_limits_hold_at_their_edges(length, kind, filler):
    text = (filler * length)[:length]

    for payload in rendered(Document((kind((Text(text),)),), "Summary")):
        assert problems(list(payload.blocks)) == []
        assert problems(in_utf_16(list(payload.blocks))) == []
        assert len(in_utf_16(json.dumps(payload.blocks, ensure_ascii=False))) <= 10_000


@pytest.mark.parametrize("blocks", [49, 50, 51, 120])
def test_a_message_has_at_most_fifty_blocks_and_the_rest_follows(blocks):
    notes = tuple(Note((Text(str(n)),)) for n in range(blocks))

    payloads = rendered(Document(notes, "Summary"))

    assert all(len(payload.blocks) <= 50 for payload in payloads)
    assert "".join(words(payload.blocks) for payload in payloads).replace("…🧵", "") == "".join(
        map(str, range(blocks))
    )


def test_long_documents_fill_their_messages():
    paragraphs = tuple(Paragraph((Text("word " * 300),)) for _ in range(30))

    sizes = [
        len(json.dumps(payload.blocks, ensure_ascii=False))
        for payload in rendered(Document(paragraphs, "Summary"))
    ]

    assert max(sizes) <= 10_000
    assert min(sizes[:-1]) > 6_000


@given(documents)
@hypothesis_settings(max_examples=50)
def test_no_document_can_ping_anyone(document):
    for payload in rendered(document):
        assert not pings(payload.text, list(payload.blocks))
        assert '"broadcast"' not in json.dumps(payload.blocks)
        assert '"type": "user"' not in json.dumps(payload.blocks)


@given(documents)
@hypothesis_settings(max_examples=20)
def test_a_document_that_calls_a_person_notifies_that_person_alone(document):
    calling = rendered(replace(document, calls="slack:T1/U9"))

    first, *others = [pings(each.text, list(each.blocks)) for each in calling]
    assert first == ["U9"]
    assert not any(others)
    assert problems(list(calling[0].blocks)) == []
    assert without_blocks(calling[0], ENGLISH, longest=100_000).count("<@") == 1
    assert rendered(replace(document, calls="discord:9")) == rendered(document)


TWO_IN_NO_BLOCK = "https://a.example/" + '"' * 1900
"""An address so long in JSON that a block holds one link to it, and not two."""


@given(documents)
@example(
    Document(
        (
            Paragraph((Text("word " * 560),)),
            Quote(
                (
                    Link("<!channel>", TWO_IN_NO_BLOCK),
                    Link("1", TWO_IN_NO_BLOCK),
                )
            ),
        ),
        "Summary",
    )
)
@hypothesis_settings(max_examples=50)
def test_no_prose_is_lost_between_parts(document):
    said = "".join(words(payload.blocks) for payload in rendered(document))

    for block in document.blocks:
        if isinstance(block, Paragraph | Quote):
            for inline in block.inlines:
                text = inline.text
                if isinstance(inline, Text) and inline.style is not Style.CODE:
                    text = readable(text)
                wanted = printable(text if isinstance(inline, Text) else readable(text))
                for line in wanted.split("\n"):
                    assert line.replace(" ", "")[:40] in said


@pytest.mark.parametrize(
    "block",
    [
        Paragraph,
        Quote,
        Note,
        Heading,
        lambda inlines: Items((Item(inlines),)),
        lambda inlines: Items((Item((Text("A"),), inlines),)),
        lambda inlines: Fields((("Links", inlines),)),
    ],
)
def test_the_words_of_links_stay_whole_where_their_addresses_fill_a_block(block):
    names = ["1", "<!channel>", "2", "look here"]
    links = tuple(Link(name, TWO_IN_NO_BLOCK) for name in names)

    payloads = rendered(Document((block(links),), "Summary"))

    said = json.dumps([payload.blocks for payload in payloads])
    assert [name for name in names if said.count(f'"text": "{name}"') != 1] == []


@given(documents)
@hypothesis_settings(max_examples=30)
def test_an_app_home_keeps_to_the_limits_of_a_view(document):
    assert problems(list(render_home(document)), most=100) == []


def test_the_registry_of_limits_agrees_with_ours(shared):
    limits = json.loads((shared / "specs" / "slackblocks_limits_3.0.0.json").read_text())

    blocks = one(
        Heading((Text("h" * 150),)),
        Paragraph((Text("p" * 2900),)),
        Buttons(tuple(Button("b" * 200, command="/paper " + "c" * 900) for _ in range(2))),
        Items(
            tuple(Item((Text(f"{n}"),), button=Button("Read", f"/paper {n}")) for n in range(20))
        ),
    )

    header, _, select, buttons = [blocks[0], blocks[1], blocks[-1], blocks[2]]
    assert len(header["text"]["text"]) <= limits["HEADER_TEXT_MAX_LENGTH"]
    assert len(select["elements"][0]["options"]) <= limits["SELECT_OPTIONS_MAX_ITEMS"]
    for option in select["elements"][0]["options"]:
        assert len(option["text"]["text"]) <= limits["OPTION_TEXT_MAX_LENGTH"]
        assert len(option["value"]) <= limits["OPTION_VALUE_MAX_LENGTH"]
    assert len(buttons["elements"]) <= limits["ACTIONS_ELEMENTS_MAX_ITEMS"]
    for button in buttons["elements"]:
        assert len(button["text"]["text"]) <= limits["BUTTON_TEXT_MAX_LENGTH"]
        assert len(button["value"]) <= limits["BUTTON_VALUE_MAX_LENGTH"]
    assert len(blocks) <= limits["MESSAGE_BLOCKS_MAX_ITEMS"]


def test_our_checks_accept_what_the_registry_calls_valid(shared):
    folder = shared / "specs" / "slackblocks" / "fixtures" / "valid" / "blocks"
    known = ("header", "section_block_text", "divider", "context_block_text")

    for path in sorted(folder.glob("*.json")):
        if path.name.startswith(known):
            fixture = json.loads(path.read_text())
            assert problems(fixture if isinstance(fixture, list) else [fixture]) == [], path.name


def test_a_title_without_a_link_is_a_header_and_one_with_a_link_is_bold():
    url = "https://arxiv.org/abs/1706.03762"

    header, title = one(Heading((Text("2025년 2월 4일"),)), Heading((Link("Attention", url),)))

    assert header == {
        "type": "header",
        "text": {"type": "plain_text", "text": "2025년 2월 4일", "emoji": False},
    }
    assert title["elements"][0]["elements"] == [
        {"type": "link", "url": url, "text": "Attention", "style": {"bold": True}}
    ]


def test_bold_beside_hangul_stays_bold():
    (block,) = one(Paragraph((Text("강조", Style.STRONG), Text("는 남는다"))))

    assert block["elements"][0]["elements"] == [
        {"type": "text", "text": "강조", "style": {"bold": True}},
        {"type": "text", "text": "는 남는다"},
    ]


def test_a_quote_and_small_print_look_like_what_they_are():
    quote, note, linked = one(
        Quote((Text("An abstract."),)),
        Note((Text("A & B · 2025"),)),
        Note((Text("See <here>: "), Link("a & b", "https://a.example/?x&y"))),
    )

    assert quote["elements"][0]["type"] == "rich_text_quote"
    assert note["elements"] == [{"type": "plain_text", "text": "A & B · 2025", "emoji": False}]
    assert linked["elements"] == [
        {
            "type": "mrkdwn",
            "text": "See &lt;here&gt;: <https://a.example/?x&amp;y|a &amp; b>",
            "verbatim": True,
        }
    ]


def test_small_print_that_mrkdwn_would_misread_is_rich_text():
    (block,) = one(Note((Text("snake_case *x* "), Link("here", "https://a.example/"))))

    assert block["type"] == "rich_text"


def test_fields_stand_side_by_side_unless_mrkdwn_would_misread_them():
    (section,) = one(Fields((("시각", (Text("09:00"),)), ("Zone", (Text("Asia/Seoul"),)))))
    first, _ = one(Fields((("A", (Text("a_b_c"),)), ("B", (Text("b"),)))))

    assert [field["text"] for field in section["fields"]] == ["*시각*\n09:00", "*Zone*\nAsia/Seoul"]
    assert first["type"] == "rich_text"


def test_rows_with_commands_get_one_select_menu():
    rows = tuple(
        Item((Text(f"Paper {n}"),), number=n, button=Button("Read", command=f"/paper entry:{n}"))
        for n in (11, 12, 13)
    )

    listed, actions = one(Items(rows))

    part = listed["elements"][0]
    assert (part["style"], part["offset"]) == ("ordered", 10)
    select = actions["elements"][0]
    assert select["placeholder"]["text"] == "Read"
    assert [option["value"] for option in select["options"]] == [
        "/paper entry:11",
        "/paper entry:12",
        "/paper entry:13",
    ]
    assert select["options"][0]["text"]["text"] == "11. Paper 11"


def test_a_command_too_long_for_a_button_becomes_text():
    command = "/paper " + "x" * 2500

    (block,) = one(Buttons((Button("Older", command=command),)))

    assert command.replace(" ", "") in words(block)


def test_a_long_document_keeps_its_buttons_on_the_first_message():
    long = tuple(Paragraph((Text(f"{n} " + "가나다 " * 500),)) for n in range(10))
    buttons = Buttons((Button("Similar", command="/paper similar:1"),))

    payloads = rendered(Document((Heading((Text("T"),)), *long, buttons), "T"))

    assert len(payloads) > 1
    first, *others = payloads
    assert [block["type"] for block in first.blocks[-2:]] == ["context", "actions"]
    assert all(block["type"] == "rich_text" for other in others for block in other.blocks)
    for number, payload in enumerate(payloads, start=1):
        assert delivery_mark_of({"blocks": payload.blocks}) == DeliveryMark(
            KEY, number, len(payloads)
        )


def test_changed_blocks_have_new_ids():
    before, after = (one_id(Paragraph((Text(text),))) for text in ("before", "after"))

    assert before != after
    assert before == one_id(Paragraph((Text("before"),)))


def one_id(block: Any) -> str:
    (payload,) = rendered(Document((block,), "Summary"))
    return str(payload.blocks[0]["block_id"])


def test_the_fallback_text_starts_with_the_summary_and_holds_all_words():
    document = Document(
        (
            Heading((Text("Attention"),)),
            Note((Text("Vaswani"),)),
            Items((Item((Text("One"),), number=1),)),
        ),
        "Attention",
    )

    (payload,) = rendered(document)

    assert payload.text == "Attention\nVaswani\n1. One"


def test_formulas_are_readable_and_code_is_left_alone():
    (block,) = one(Paragraph((Text(r"rate $\alpha_t$ "), Text(r"$\alpha_t$", Style.CODE))))

    runs = block["elements"][0]["elements"]
    assert [run["text"] for run in runs] == ["rate αₜ ", r"$\alpha_t$"]


@pytest.mark.parametrize("text", ["", " ", "\u202e", "\n"])
def test_an_empty_document_is_still_a_message(text):
    (payload,) = rendered(Document((Paragraph((Text(text),)),), text))

    assert payload.blocks == ()
    assert payload.text == "…"


def test_every_word_of_the_sample_documents_is_rendered(shared):
    text = (shared / "samples" / "digests" / "2025-02-04.txt").read_text()
    paragraphs = tuple(Paragraph((Text(line),)) for line in text.split("\n") if line.strip())

    said = "".join(words(payload.blocks) for payload in rendered(Document(paragraphs, "Day")))

    for paragraph in paragraphs:
        assert readable(plain_text(paragraph.inlines)).replace(" ", "") in said


@given(
    st.text(st.sampled_from("a가😀👩\u200d👧🇰🇷👍🏼e\u0301 .\n𝔸"), max_size=40), st.integers(2, 60)
)
def test_pieces_keep_the_limit_in_both_counts_and_lose_nothing(text, longest):
    parts = list(pieces((Text(text),), longest))

    assert "".join(plain_text(part) for part in parts) == text
    assert all(length(plain_text(part)) <= longest for part in parts)
    assert all(part for part in parts)


@pytest.mark.parametrize(
    "emoji", ["👩‍👩‍👧", "🇰🇷", "👍🏼", "❤️", "e\u0301", "🏴\U000e0067\U000e0062\U000e007f"]
)
def test_an_emoji_is_not_cut_in_two(emoji):
    for before in range(20, 40):
        text = "가" * before + emoji + "나" * 40
        at = cut(text, 40)

        assert at <= before or at >= before + len(emoji)


def test_a_label_of_emoji_fits_in_both_counts():
    label = shortened("😀" * 100, 75)

    assert length(label) <= 75
    assert label == "😀" * 37 + "…"


@pytest.mark.parametrize("kind", [Heading, Paragraph, Quote, Note])
@pytest.mark.parametrize(
    "text",
    [
        "https://arxiv.org/abs/2310.07831",
        "arxiv.org",
        "https://\u0430rxiv.org/abs/2310.07831",
        "https://arxiv.org.",
        "ht\u200btps://arxiv.org",
    ],
)
def test_a_link_whose_text_reads_like_another_address_shows_both(kind, text):
    url = "https://evil.example.org/x"

    said = words(one(kind((Text("see "), Link(text, url), Text(" now")))))

    assert f"({url})" in said or url in said.replace(text, "")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://arxiv.org/abs/2310.07831", "https://arxiv.org/abs/2310.07831"),
        ("arxiv.org", "https://arxiv.org/abs/2310.07831"),
        ("Scaling laws", "https://arxiv.org/abs/2310.07831"),
        ("train.py", "https://example.org/train"),
    ],
)
def test_an_honest_link_shows_its_text_alone(text, url):
    blocks = one(Paragraph((Link(text, url),)))

    assert words(blocks) == text.replace(" ", "")
