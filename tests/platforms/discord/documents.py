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
    "@everyone", "@here", "<@1>", "<@&2>", "<#3>", "<t:1700000000:R>", "<:smile:4>", "</paper:5>",
    "<id:customize>", ":100:", ":fire", "discord.gg/abc", "https://discord.com/invite/abc",
    "dis.gd/x", "https://evil.example", "discord://-/x", "<https://evil.example>", "[label](",
    "[", "](https://evil.example)", ")", "]", "**", "*", "_", "__", "a_b_", "a_t ", "x_ ", "~~", "||", "`", "```",
    "```py\n", "# ", "## ", "-# ", "- ", "+ ", "1. ", "12) ", "> ", ">>> ", "\\", "\n", "\n\n",
    "*굵게*는", "가나다라마바사 ", "\u202e", "\u2066", "\u0000", "\ud800", "z\u0351\u0489", "\u200b",
    "$\\alpha_t$", "word ", "Sentence. ", "👩‍👩‍👧", "/", ":", "//", "http", "s", "\t", " ", "!",
)  # fmt: skip

texts = st.lists(st.sampled_from(HOSTILE) | st.characters(), max_size=14).map("".join)
long_texts = (
    st.tuples(texts, st.integers(0, 400))
    .map(lambda pair: pair[0] * pair[1])
    .map(lambda text: text[:6_000])
)
some_text = texts | long_texts
URLS = (
    "https://arxiv.org/abs/2502.01456",
    "https://a.example/>)|<x",
    "https://a.example/ @everyone",
    "https://a.example/Bias_(statistics)",
    "https://a.example/" + "x" * 600,
    "https://a.example/" + "(" * 900,
    "https://a.example/" + "x" * 5000,
    "https://가.example/나",
    "https://[::1]:80/x",
    "https://[broken",
    "javascript:alert(1)",
)
urls = st.sampled_from(URLS)
inline = st.builds(Text, some_text, st.sampled_from(Style)) | st.builds(Link, some_text, urls)
inlines = st.lists(inline, max_size=5).map(tuple)
commands = st.sampled_from(
    [
        "/paper entry:1",
        "/paper 보상 모델 page:2",
        "/paper " + "가나다 " * 40 + "page:3",
        "/paper " + "x" * 2500,
        "~0:",
    ]
)
buttons = st.builds(Button, some_text, command=commands) | st.builds(Button, some_text, url=urls)
items = st.builds(Item, inlines, inlines, st.none() | st.integers(1, 300), st.none() | buttons)
blocks = st.one_of(
    st.builds(Heading, inlines),
    st.builds(Paragraph, inlines),
    st.builds(Quote, inlines),
    st.builds(Note, inlines),
    st.builds(Items, st.lists(items, max_size=30).map(tuple)),
    st.builds(Fields, st.lists(st.tuples(texts, inlines), max_size=15).map(tuple)),
    st.builds(Code, some_text),
    st.just(Divider()),
    st.builds(Buttons, st.lists(buttons, max_size=30).map(tuple)),
)
documents = st.builds(
    Document,
    st.lists(blocks, max_size=8).map(tuple),
    some_text,
    opens_thread=st.booleans(),
    thread_name=texts,
)
