import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Language
from bot.archive.domain.language import language_of, languages_of

KO, EN = Language.KO, Language.EN


@pytest.mark.parametrize(
    ("paragraph", "language"),
    [
        ("논문입니다.", KO),
        ("SwiGLU + RMSNorm + RoPE + GQA 사용.", KO),
        ("ㅋㅋ", KO),
        ("하ᄀ", KO),
        ("Works well.", EN),
        ("Scaling with more data", EN),
        ("The word “한국어” is what they call the language that they speak in the country.", EN),
        ("See [[230101 한국어 노트]] for more of the same.", EN),
        ("https://example.org/한국어", None),
        ("(https://arxiv.org/abs/2310.07831)", None),
        ("[[230101 A Note]]", None),
        ("#강화학습 #rl", None),
        ("42\n#강화학습 ＃태그", None),
        ("42#강화", KO),
        ("www.example.org/한국어", None),
        ("1,234.5 = 42%", None),
        ("| 2005.04425", None),
        ("```\nfor x in y: pass\n```", None),
        ("mae: 57.4\nmae, teacher: 65.3\nmae, mixup: 71.0", None),
        ("| model | score |\n| small | 1 |", None),
        ("日本語の段落。", None),
        ("", None),
    ],
)
def test_letters_decide_the_language_of_a_paragraph(
    paragraph: str, language: Language | None
) -> None:
    assert language_of(paragraph) == language


def test_an_unclear_paragraph_has_the_language_of_the_previous_one() -> None:
    assert languages_of(["한국어.", "https://e.org", "English.", "42"]) == (KO, KO, EN, EN)


def test_an_unclear_first_paragraph_has_the_language_of_the_next_one() -> None:
    assert languages_of(["https://e.org", "42", "한국어.", "English."]) == (KO, KO, KO, EN)


def test_paragraphs_are_english_if_nothing_decides() -> None:
    assert languages_of(["https://e.org", "42"]) == (EN, EN)
    assert languages_of([]) == ()


@pytest.mark.parametrize(
    "label", ["Small Models, Long Memory", "max f(x) such that x <= 0", "Is Attention Enough?"]
)
def test_a_label_between_korean_paragraphs_is_part_of_the_korean(label: str) -> None:
    assert languages_of(["한국어.", label, "한국어."]) == (KO, KO, KO)
    assert languages_of(["한국어.", label]) == (KO, EN)
    assert languages_of([label, "한국어."]) == (EN, KO)


def test_sentences_between_korean_paragraphs_are_english() -> None:
    assert languages_of(["한국어.", "They work.", "한국어."]) == (KO, EN, KO)


def test_a_known_language_overrides_the_letters() -> None:
    assert languages_of(["한국어.", "따옴.", "42"], [None, EN, None]) == (KO, EN, EN)


@given(st.lists(st.text(max_size=30), max_size=8))
def test_every_paragraph_gets_a_language_and_decided_sentences_keep_theirs(
    texts: list[str],
) -> None:
    languages = languages_of(texts)

    assert len(languages) == len(texts)
    decided = [language_of(text) for text in texts]
    assert all(found is KO for found, own in zip(languages, decided, strict=True) if own is KO)
