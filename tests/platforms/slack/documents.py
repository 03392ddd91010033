"""Documents as Hypothesis draws them: every kind of block, hostile text, far too long text."""

from hypothesis import strategies as st

from bot.core.domain.document import (
    Button,
    Buttons,
    Code,
    Divider,
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
)

HOSTILE = (
    "<!channel>", "<!here|x>", "<@U1>", "<#C1|x>", "<https://evil.example|bank>", "&lt;", "*", "_",
    "~", "`", "```", "> ", ":smile:", "*굵게*는", "가나다라마바사 ", "\u202e", "\u0000", "\ud800",
    "z̸̡̢̛", "\n", "\n\n", '"', "\\", "$\\alpha_t$", "$", "word ", "Sentence. ", "👩‍👩‍👧", "😀", "𝔸", "🇰🇷", "|", " ",
)  # fmt: skip

texts = st.lists(st.sampled_from(HOSTILE) | st.characters(), max_size=12).map("".join)
long_texts = (
    st.tuples(texts, st.integers(0, 1500))
    .map(lambda pair: pair[0] * pair[1])
    .map(lambda text: text[:15_000])
)
some_text = texts | long_texts
urls = st.sampled_from(
    [
        "https://arxiv.org/abs/2502.01456",
        "https://a.example/>|<x",
        "http://a.example/" + "x" * 1900,
        "https://a.example/" + '"' * 1900,
        "https://a.example/" + "x" * 5000,
        "https://가.example/",
        "https://a b.example/",
    ]
)
inline = st.builds(Text, some_text, st.sampled_from(Style)) | st.builds(Link, some_text, urls)
inlines = st.lists(inline, max_size=5).map(tuple)
commands = st.sampled_from(["/paper entry:1", "/paper " + "x" * 160, "/paper " + "x" * 2500, ""])
buttons = st.builds(Button, some_text, command=commands) | st.builds(Button, some_text, url=urls)
items = st.builds(Item, inlines, inlines, st.none() | st.integers(1, 300), st.none() | buttons)
blocks = st.one_of(
    st.builds(Heading, inlines),
    st.builds(Paragraph, inlines),
    st.builds(Quote, inlines),
    st.builds(Note, inlines),
    st.builds(Items, st.lists(items, max_size=40).map(tuple)),
    st.builds(Fields, st.lists(st.tuples(texts, inlines), max_size=15).map(tuple)),
    st.builds(Code, some_text),
    st.just(Divider()),
    st.builds(Buttons, st.lists(buttons, max_size=30).map(tuple)),
)
documents = st.builds(Document, st.lists(blocks, max_size=12).map(tuple), some_text)
