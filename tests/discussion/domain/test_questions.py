"""What the bot makes of what people say: questions, links, and text that means no good."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.archive.domain.inlines import with_addresses
from bot.core.domain.document import (
    Document,
    Inline,
    Link,
    Note,
    Quote,
    Text,
    dump,
    load,
    plain_text,
)
from bot.discussion.domain.foreign_text import settled, settled_name
from bot.discussion.domain.present_discussion import present_copy
from bot.discussion.domain.questions import (
    MOST_LINKS,
    WORDS,
    Line,
    LookUp,
    Unclear,
    Wish,
    asked_paper,
    is_call,
    linked_papers,
    near_word,
    read_question,
)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("@paperbot abstract", Wish.ABSTRACT),
        ("@paperbot: Refs", Wish.REFS),
        ("@PaperBot, similar!", Wish.SIMILAR),
        ("bib @paperbot", Wish.BIB),
        ("refs\u2060@paperbot", Wish.REFS),
        ("@paperbot\u2060@paperbot refs", Wish.REFS),
        ("@paperbot 초록", Wish.ABSTRACT),
        ("@paperbot", Wish.HELP),
        ("@paperbot ?", Wish.HELP),
        ("@paperbot help", Wish.HELP),
        ("@paperbot /paper cited", Wish.CITED),
        ("@paperbot #rl -#moe", LookUp("#rl -#moe")),
        ("@paperbot /paper reasoning", LookUp("reasoning")),
        ("@paperbot 보상 모델", LookUp("보상 모델")),
        ("@paperbot digest today", Line("/digest today")),
        ("@paperbot /digest status", Line("/digest status")),
        ("@paperbot paper forget-me", Line("/paper forget-me")),
        ("@paperbot Forget-Me please", Line("/paper Forget-Me please")),
        ("@paperbot paper new", Line("/paper new")),
        ("@paperbot 새논문", Line("/paper 새논문")),
        ("@paperbot new methods", LookUp("new methods")),
        ("@paperbot paper random", LookUp("random")),
        ("@paperbot abstract?", Wish.ABSTRACT),
        ("@paperbot refs?!", Wish.REFS),
        ("@paperbot 초록？", Wish.ABSTRACT),
        ("@paperbot초록", Wish.ABSTRACT),
        ("초록@paperbot", Wish.ABSTRACT),
        ("@paperbotic abstract", LookUp("@paperbotic abstract")),
        ("@paperbot what do you think of it?", Unclear()),
        ("@paperbot 어떻게 생각해？", Unclear()),
        ("@paperbot " + "long " * 60, Unclear()),
        ("@paperbot date:yesterday", Unclear()),
        ("@paperbot /nonsense", Unclear()),
    ],
)
def test_a_question_is_answered_or_reported_as_not_understood(text, question):
    assert read_question(text) == question


@pytest.mark.parametrize(
    "text",
    [
        "follow",
        "follow #rl",
        "follow author:lee -#moe",
        'follow "chain of thought" #rl',
        "follow 보상 모델",
        "follow https://arxiv.org/abs/2502.01456",
        "follow cs/9802001",
        "follow list",
        "follow this",
        "follow settings at:08:30 tz:Asia/Seoul days:mon-fri",
        "unfollow #rl",
        "unfollow all",
        "note",
        "note 2502.01456",
        "note https://arxiv.org/abs/2502.01456",
        'note "Attention is all you need"',
        "digest 2025-02-04",
        "digest last friday",
        "digest 지난 금요일",
        "digest 2/4",
        "digest newest",
        "digest feb 4",
        "digest 4 february",
        "digest mail kim@example.org",
        "digest mail: kim@example.org",
        "digest link: K7QX-93PD",
        "digest settings notices off discussion off",
        "digest settings mon wed fri compact",
        "digest here every weekday at noon compact",
        "digest here 9am every weekday Asia/Seoul",
        "digest settings tags:#rl,-#moe layout:compact",
        "digest link ABCDE23456",
        "digest recap last week",
        "digest managers remove Ada Lovelace",
    ],
)
def test_a_command_is_read_without_its_slash(text: str):
    assert read_question(f"@paperbot {text}") == Line(f"/{text}")
    assert is_call(f"@paperbot {text}")


_TALK = [
    "note that table 3 is wrong, see the erratum",
    "note this",
    "Note: the code is at https://example.org",
    "note 표 3이 틀렸어요",
    "follow up on this later please, it matters",
    "follow this with the ablation of 2502.01456",
    "unfollow all of it",
    "digest this carefully, it is the best paper",
    "digest today was great",
    "digest mail: it came twice today, I think",
    "digest here at the lab was great",
    "digest link to the erratum is in their repository",
    "digest settings look wrong in this channel",
]


@pytest.mark.parametrize("text", _TALK)
def test_a_sentence_that_begins_with_the_name_of_a_command_is_talk(text: str):
    assert read_question(f"@paperbot {text}") == Unclear()
    assert not is_call(f"@paperbot {text}")


@pytest.mark.parametrize("text", [each for each in _TALK if not each.startswith("Note:")])
def test_a_line_with_a_slash_is_a_command_whatever_follows(text: str):
    assert read_question(f"@paperbot /{text}") == Line(f"/{text}")


_PIECES = st.sampled_from(
    [
        "@paperbot ",
        "/",
        "paper ",
        "date:",
        "before:",
        "popular:",
        "0001-00",
        "9999",
        '"',
        " ",
        "-",
        "#",
    ]
)


@given(st.one_of(st.text(max_size=400), st.lists(_PIECES, max_size=12).map("".join)))
@example("@paperbot date:0001-00")
def test_any_text_is_read_as_a_question(text):
    assert isinstance(read_question(text), Wish | LookUp | Line | Unclear)
    assert is_call(text) in (True, False)


@given(st.sampled_from(sorted(WORDS)))
def test_every_word_is_recognized_in_any_case_and_spelling(word):
    assert read_question(f"@paperbot  {word.upper()}") == WORDS[word]


def test_linked_papers_are_named_once_and_not_the_papers_own():
    text = "arXiv:2310.07831, https://arxiv.org/abs/2310.07831v2 와 2502.01456 arxiv.org/pdf/2501.00001"

    assert linked_papers(text) == ("2310.07831", "2501.00001")
    assert linked_papers(text, except_for=["2310.07831"]) == ("2501.00001",)


def test_the_number_of_links_taken_from_a_reply_is_bounded():
    text = " ".join(f"arXiv:2501.{number:05}" for number in range(1, 30))

    assert len(linked_papers(text)) == 29
    assert len(linked_papers(text * 3 + many(80))) == MOST_LINKS


def many(count: int) -> str:
    return " ".join(f"arXiv:2412.{number:05}" for number in range(1, count))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("@paperbot https://arxiv.org/abs/2310.07831", "2310.07831"),
        ("@paperbot 2310.07831v2", "2310.07831"),
        ("@paperbot 2310.07831 #rl", None),
        ("@paperbot cites:2310.07831", None),
        ("@paperbot -2310.07831", None),
        ("@paperbot abstract", None),
        ("https://arxiv.org/abs/2310.07831", None),
    ],
)
def test_a_question_is_a_paper_where_it_asks_for_nothing_else(text, number):
    assert asked_paper(text) == number


@pytest.mark.parametrize(
    ("line", "is_private", "bare"),
    [
        ("/digest link ABCDE23456", True, "/digest link"),
        ("/digest 2025-02-04", True, "/digest"),
        ("/digest settings tags:#rl", True, "/digest settings"),
        ("/paper forget-me please", True, "/paper forget-me"),
        ("/paper new", False, "/paper new"),
    ],
)
def test_a_command_line_is_quoted_in_words_of_the_command_table_only(line, is_private, bare):
    assert (Line(line).is_private, Line(line).bare) == (is_private, bare)


hostile = st.lists(
    st.sampled_from(
        [
            "@everyone",
            "<!channel>",
            "<@U1>",
            "\u202e",
            "\u2066",
            "e" + "\u0301" * 40,
            "[bank](https://evil.example)",
            "https://discord.gg/abc",
            "\x00",
            "\ud800",
            "\r\n",
            "가나다",
            "```",
            "> ",
            " ",
        ]
    ),
    max_size=60,
).map("".join)


@given(hostile | st.text(max_size=500))
def test_foreign_text_does_not_affect_text_around_it(text):
    plain = settled(text)

    assert settled(plain) == plain
    assert not any(
        unicodedata.category(character) == "Cs" or character in "\u202e\u2066\u2067\u202d\x00"
        for character in plain
    )
    marks = 0
    for character in plain:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        assert marks <= 4


@given(hostile | st.text(max_size=300))
def test_a_name_stands_on_one_line(name):
    assert "\n" not in settled_name(name)
    assert len(settled_name(name)) <= 60


@given(hostile | st.text(max_size=500))
def test_an_address_links_to_itself(text):
    runs = with_addresses(text)

    assert plain_text(runs) == text
    assert all(getattr(run, "url", run.text) == run.text for run in runs)


def test_a_copy_leads_to_its_origin_only_where_that_can_be_reached():
    slack = present_copy("Ada", "slack", "hi", "https://slack.com/x")
    web = present_copy("Ada", "web", "hi", "/c/general/t/7")

    assert Link("Slack", "https://slack.com/x") in head(slack)
    assert Text("Web") in head(web)


def head(document: Document) -> tuple[Inline, ...]:
    [note] = [block for block in document.blocks if isinstance(block, Note)]
    return note.inlines


def test_ten_thousand_characters_are_all_in_the_copy():
    text = "가나다라 " * 2000

    document = present_copy("Ada", "slack", text)

    [quote] = [block for block in document.blocks if isinstance(block, Quote)]
    assert plain_text(quote.inlines) == text.strip()
    assert load(dump(document)) == document


@pytest.mark.parametrize(
    "text",
    [
        *(
            "@paperbot",
            "@paperbot refs",
            "refs @paperbot",
            "@paperbot 초록!",
            "@paperbot #rl -#moe",
        ),
        *("@paperbot /paper cited", "@paperbot digest status", "@PaperBot: 보상 모델"),
    ],
)
def test_a_message_that_only_asks_the_bot_is_a_call(text: str):
    assert is_call(text)


@pytest.mark.parametrize(
    "text",
    [
        *("refs", "We should ask @paperbot about that", "no, @paperbot is right about #rl"),
        *("@paperbot do you think that this would work for us?", "paperbot refs", ""),
    ],
)
def test_talk_that_mentions_the_bot_is_no_call(text: str):
    assert not is_call(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("reffs", "refs"),
        ("absract?", "abstract"),
        ("/simlar", "similar"),
        ("초롟", "초록"),
        ("참고무헌", "참고문헌"),
        ("refs", "refs"),
        ("reasoning", None),
        ("refs please", None),
        ("", None),
        ("r", None),
    ],
)
def test_a_near_miss_of_a_word_is_recognized_in_both_languages(text: str, word: str | None):
    assert near_word(text) == word


@given(st.text(max_size=30))
def test_any_text_has_at_most_one_near_word(text: str):
    assert near_word(text) is None or near_word(text) in WORDS
