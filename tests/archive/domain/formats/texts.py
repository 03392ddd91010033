"""Texts to read: notes and pages in many habits, written for these tests, and ways to spoil them."""

from datetime import date

from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Commentary, Entry, Language, Paper, Source, SourceKind

NOTES = {
    "arXiv/2025/250203 Pebbles.md": """https://arxiv.org/abs/2502.01234

*Pebbles: Small Models, Long Memory* (Mina Kang, José Ortiz (KAIST), and Ada Field)

> We study pebbles. They are small, and they remember (mostly).
> Code: https://example.org/pebbles

조약돌처럼 작은 모델의 기억력. 예전 연구가 (https://arxiv.org/abs/2310.07831) 생각나네요.

https://example.org/demo

<english>
Memory of pebble-sized models. It recalls earlier work (https://arxiv.org/abs/2310.07831).

They are small.
</english>

#long-context #lm

# Links

[[231012 Boulders.md]]
[[240101 Gravel.md]]
""",
    "arXiv/2020/200630 Sand.md": """https://arxiv.org/pdf/2006.01111v2.pdf

Sand in the Gears: an Analysis of
  Friction (Bo Lind, Cy Ng)

Sand in the gears: an analysis of friction (Bo Lind, Cy Ng)

마찰에 대한 분석. 2007.01234와 비슷하기도. [[200101 Dust]] 참고. #friction #object_detection

[[200101 Dust]]

#friction, #GAN

# Links

# Links

[[200101 Dust.md]]
- [[200101 Dust.md]]
""",
    "arXiv/2019/190401 Title In The Text.md": (
        "Clouds and Rain: (https://arxiv.org/abs/1903.01111) 를 읽어봤다.\n비가 온다.\n \n#rain "
    ),
    "notes/230418 링크 모음.md": (
        "https://example.org/one\nhttps://example.org/two\n\n```python\n# Links\nprint('#nope')\n```\n"
    ),
    "arXiv/2021/210121 Two Papers.md": """오늘은 두 편.

https://arxiv.org/abs/2101.00001
First Of Two: A Paper With Style

첫 번째 논문 이야기.

https://openreview.net/forum?id=abc-DEF
Is The Second Better Than The First?

두 번째는 max f(x) 같은 것을 봅니다.

| a | 1 |
| b | 2 |
""",
    "2025/02/04 Folder Date.md": "\ufeff# A Heading As Title\r\n\r\nSome words. 몇 마디.\r\n\r\n#tag\r\n",
    "250230 Impossible.md": "https://arxiv.org/abs/2112.0886\n\n오타가 있는 링크.\n",
    "250101 Empty.md": "",
    "250102 Open English.md": "https://example.org\n\n<english>\nNever closed.\n\n#lm\n\n다시 한국어.\n",
}

PAGES = {
    "2025-02-04.txt": """2025년 2월 4일
Pebbles: Small Models, Long Memory
(Mina Kang, José Ortiz (KAIST, Daejeon), Ada Field)
We study pebbles and what they remember. They remember a lot.
조약돌처럼 작은 모델의 기억력 (https://arxiv.org/abs/2310.07831)을 다뤘네요.
재미있습니다.
Memory of pebble-sized models (https://arxiv.org/abs/2310.07831).
It is fun.
#long-context #lm
Sand in the Gears
（Bo Lind，Cy Ng）
https://arxiv.org/abs/2006.01111v2
마찰에 대한 분석.
#friction
""",
    "two-days.txt": """February 4, 2025

Clouds and Rain (Dee Park, Eli Moon)

> We look at clouds.

Clouds, once more. See [[240101 Gravel]].

구름 이야기.

#rain, #GAN

4 Feb 2025

*A Title Alone*

한국어뿐입니다.

2025/02/05

https://arxiv.org/abs/2502.01234
Only English Here
(Flo Gray)
A note of mine about it.
""",
    "bad-day.txt": "2025-02-30\nWhat Day Is It\n(Gus Hall, Ida Jung)\n글쎄요.\n\n2025-03-01\n\n2025-03-02\n잡담.\n",
}

_FRAGMENTS = st.sampled_from(
    [
        *(
            "#",
            "＃tag",
            "#rl #moe",
            "#rl#moe",
            "# Links",
            "## Links:",
            "[[",
            "]]",
            "[[a|b]]",
            "[[ .md]]",
        ),
        *(
            "*",
            "**",
            "*x*",
            "_y_ (A B)",
            "(",
            ")",
            "()",
            "（",
            "（Al Bo，Cy Do）",
            "(A B, C D and E F)",
        ),
        *(
            ">",
            "> >",
            "<english>",
            "</english>",
            "<ENGLISH>a</english> b",
            "```",
            "~~~",
            "\ufeff",
            "\x0c",
        ),
        *("https://arxiv.org/abs/2310.07831", "arXiv:2310.07831", "https://arxiv.org/abs/x"),
        *("Title: (https://e.org/a) b", "T (https://e.org)", "<https://e.org/p.pdf>", "www.e.org"),
        *(
            "2025-02-30",
            "2025년 2월 4일 화요일",
            "Feb 4, 2025",
            "한국어",
            "가",
            "ㅋㅋ",
            "A Title Of Sorts",
        ),
        *(
            "and",
            "A and B",
            ", and",
            "- [[x.md]]",
            "[[x.md]], [[y]]",
            "| 1 |",
            "e\u0301",
            "가",
            "#가",
        ),
        *("%%", "%%비밀%%", "a %% b", "%%%%", "<!--", "-->", "<!-- TODO -->", "[//]: # (비밀)"),
        *("---", "tags: [a, b]", "title: A: B", "a:: b", "말 [a:: b] 말", "std::vector"),
        *("    code #x", "\t[[a]]", "$$", "````", "`a %% b`", "> ```", "- ```"),
        *("> [!abstract] Title", "> [!note]", "[a](b.md)", "- [b](b.md)", "[c](<../d%20e.md#f>)"),
    ]
)
_LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", " \n", "\u3000\n"])


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """A text with lines left out, repeated, moved, and with junk and other line ends put in."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(lines)))
        change = draw(st.sampled_from(["drop", "repeat", "move", "insert", "glue", "text", "cut"]))
        if change == "insert":
            lines.insert(at, draw(_FRAGMENTS))
        elif change == "text":
            lines.insert(at, draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)))
        elif lines:
            at = min(at, len(lines) - 1)
            line = lines.pop(at)
            if change == "repeat":
                lines[at:at] = [line, line]
            elif change == "move":
                lines.insert(draw(st.integers(0, len(lines))), line)
            elif change == "glue":
                lines.insert(at, line + draw(st.sampled_from(["", " "])) + draw(_FRAGMENTS))
            elif change == "cut":
                middle = draw(st.integers(0, len(line)))
                lines[at:at] = [line[:middle], line[middle:]]
    end = draw(_LINE_ENDS)
    return end.join(lines) + draw(st.sampled_from(["", end]))


def junk() -> st.SearchStrategy[str]:
    """Fragments of mark-up and random text, line by line."""
    line = st.one_of(_FRAGMENTS, st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
    return st.lists(line, max_size=12).map("\n".join)


_WORDS = {
    Language.KO: ["조약돌", "모델의", "기억력", "GPT", "흥미롭네요", "2310.07831", "(42%)", "학습"],
    Language.EN: ["pebbles", "are", "small", "GPT", "(42%)", "models", "of", "memory"],
}
_NAMES = st.sampled_from(["Mina Kang", "José Ortiz", "Ludwig van der Berg", "Qwen Team", "김철수"])
_TITLES = st.sampled_from(
    ["Pebbles", "Pebbles: A Study (Of Sorts)", "Is it? It is!", "LLM.int8()", "조약돌", "A* Search"]
)
_NOTE_NAMES = st.sampled_from(["240101 Gravel", "조약돌", "What is LLM.int8()"])
_ABSTRACTS = st.sampled_from([None, "We study pebbles.", "Pebbles are small.\n\nVery."])


@st.composite
def _commentaries(draw: st.DrawFn) -> tuple[Commentary, ...]:
    written = []
    for language in draw(st.lists(st.sampled_from(list(Language)), unique=True)):
        words = st.lists(st.sampled_from(_WORDS[language]), min_size=1, max_size=6)
        lead = "한국어" if language is Language.KO else "English"
        paragraphs = draw(st.lists(words, min_size=1, max_size=3))
        texts = tuple(f"{lead} {' '.join(paragraph)}." for paragraph in paragraphs)
        written.append(Commentary(language, texts))
    return tuple(written)


@st.composite
def made_entries(draw: st.DrawFn) -> Entry:
    """Entries as a form makes them: every part there or not."""
    arxiv_id = draw(st.sampled_from([None, ArxivId("2502.01234"), ArxivId("2502.01234", 3)]))
    url = f"https://arxiv.org/abs/{arxiv_id}" if arxiv_id is not None else None
    tags = draw(st.lists(st.sampled_from(["rl", "long-context", "c++", "강화학습"]), unique=True))
    return Entry(
        paper=Paper(
            title=draw(_TITLES),
            authors=tuple(draw(st.lists(_NAMES, unique=True, max_size=4))),
            arxiv_id=arxiv_id,
            url=url or draw(st.sampled_from([None, "https://e.org/a"])),
            abstract=draw(_ABSTRACTS),
        ),
        source=Source(SourceKind.CHAT_FORM, "form"),
        date=draw(st.sampled_from([None, date(2025, 2, 3), date(2025, 2, 4)])),
        commentary=draw(_commentaries()),
        tags=tuple(tags),
        spellings=tuple(tags),
        links=tuple(draw(st.lists(_NOTE_NAMES, unique=True, max_size=2))),
    )
