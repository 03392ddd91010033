r"""LaTeX's accents as characters, and what only looks like them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.latex_accents import accents


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"Fr\'echet, Fr\'{e}chet, Fr{\'e}chet, Fr{\'{e}}chet", "Fréchet, " * 3 + "Fréchet"),
        (r"Erd\H{o}s Erd{\H o}s Erd\H os", "Erdős Erdős Erdős"),
        (r"{\"o} \"{o} \"o \"{\i} na\"{\i}ve na\"\i ve", "ö ö ö ï naïve naïve"),
        (r"{\L}ukasz \L ukasz \L{}ukasz \L\'od\'z", "Łukasz Łukasz Łukasz Łódź"),
        (r"\v{C}ech \v Cech Ho\v{r}ava Ho\v rava", "Čech Čech Hořava Hořava"),
        (r"\c{c} Gar\c{c}on Gar\c con \c{S}ahin", "ç Garçon Garçon Şahin"),
        (r"S{\o}ren S\o ren S\o{}ren \O stergaard {\O}", "Søren Søren Søren Østergaard Ø"),
        (r"Stra\ss e Stra{\ss}e Gro\ss", "Straße Straße Groß"),
        (r"\AA ngstr\"om {\AE}gir c{\oe}ur \oe uvre", "Ångström Ægir cœur œuvre"),
        (r"{\DJ}or{\dj}e {\TH}or {\dh}", "Đorđe Þor ð"),
        (r"I\c{s}{\i}l Ya\u{g}\i z Saat\c{c}\i{} \.Istanbul", "Işıl Yağız Saatçı İstanbul"),
        (r"Garc\'\i a Mart\'{\i}nez", "García Martínez"),
        (r"Dvo\v{r}\'ak Mat\v{e}j\'i\v{c}ek Ren\'e\'e", "Dvořák Matějíček Renéé"),
        (r"Nguy{\~{\^e}}n Nguy\~{\^e}n Ph\d{a}m \d{\^e}", "Nguyễn Nguyễn Phạm ệ"),
        (r"\k{a} \r{a} \={a} \b{d} \.{z} \`A \^{\j} \t{oo}", "ą å ā ḏ ż À ĵ o͡o"),
        (r"\'{ e } \v {s} M\textcommabelow{s}", "é š Mș"),
    ],
)
def test_accents_are_read(written: str, read: str) -> None:
    assert accents(written) == unicodedata.normalize("NFC", read)


@pytest.mark.parametrize(
    "text",
    [
        r"C:\c cool C:\o\l (D:\v Cech) \\server\o",
        r"he said \"a word\" and \'another\' and \"hello\"",
        r"it\'s what they\'re and I\'m",
        r"\d digits, \b borders, split on \r and \n, example\.com",
        r"\lambda \omega \int \in \over \item",
        r"\O(n) of src\lib",
        r"\\'e",
        "\\", "\\'", r"\v", r"\c{}", r"\H{ab}", "{}",
        "no backslash {at} all",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_accent_stays_as_it_was_written(text: str) -> None:
    assert accents(text) == text


@given(
    letter=st.sampled_from("acegilnorsuyzACEGINORSUYZ"),
    mark=st.sampled_from("\"'`^~=.Hvuckrdb"),
    before=st.sampled_from(["", "ab", "Ho "]),
    after=st.sampled_from(["", "rt", " x"]),
)
def test_the_braced_forms_of_an_accent_are_one(
    letter: str, mark: str, before: str, after: str
) -> None:
    forms = {
        accents(f"{before}\\{mark}{{{letter}}}{after}"),
        accents(f"{before}{{\\{mark}{{{letter}}}}}{after}"),
    }

    assert len(forms) == 1
    assert "\\" not in forms.pop()


@given(st.text(st.sampled_from("\\'\"{}vHcLoi es\u0301C:ł") | st.characters(), max_size=40))
def test_any_text_is_read(text: str) -> None:
    read = accents(text)

    if "\\" not in text:
        assert read == text
