import re
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.latex import readable


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"$\alpha_t$", "αₜ"),
        (r"a rate of $\tilde{O}(\varepsilon^{-4})$ steps", "a rate of Õ(ε⁻⁴) steps"),
        (r"$M = O(K^2\log{(N/K)}/p^3)$", "M = O(K² log(N/K)/p³)"),
        (r"$\theta_{\mathrm{old}}$", "θ_old"),
        (r"$\mathbb{E}_{x\sim p}[f]$", "𝔼_(x∼ p)[f]"),
        (r"$e^{x^2}$", "e^(x²)"),
        (r"$\sum_{i=1}^n x_i$", "∑ᵢ₌₁ⁿ xᵢ"),
        (r"$\frac{1}{\sqrt{v}}$", "1/√(v)"),
        (r"$\|x\|_2^2$", "‖x‖₂²"),
        (r"$\{1, \dots, n\}$", "{1, …, n}"),
        (r"$\overline{x}$", "x̄"),
        (r"$\unicode{x2014}$", "—"),
        (r"25$^3$ times", "25³ times"),
        (r"$\textbf{WRAP}$ wins by $25.3\%$", "WRAP wins by 25.3%"),
        (r"\(\ell_1\) and $$\ell_2$$", "ℓ₁ and ℓ₂"),
        (r"\emph{good}, 25\% of A\&B by Schr\"odinger", "good, 25% of A&B by Schrödinger"),
        (r"{\it Gaia} by Erd\H{o}s and {\L}ukasz", "Gaia by Erdős and Łukasz"),
        (r"costs $5 at Fr\'echet's, $10 elsewhere", "costs $5 at Fréchet's, $10 elsewhere"),
    ],
)
def test_formulas_become_unicode(written, read):
    assert readable(written) == normalize("NFC", read)


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 or 10$ here",
        "$5 and $10",
        "$ / 1M으로 Mixtral 8x7B의 0.7$",
        "입력 $0.15, 출력 $0.6",
        r"C:\new\table",
        r"$\foo{bar}$ is no macro we know",
        r"$\binom{n}{k}$",
        r"$\foo{\L}$ keeps what it is",
        "a lone $ and a lone \\",
        "no formula at all: a_b^c {d}",
    ],
)
def test_what_only_looks_like_latex_stays_as_it_was_written(text):
    assert readable(text) == text


_PIECES = st.sampled_from(
    ["$", "$$", "\\", "{", "}", "^", "_", "\\frac", "\\alpha", "\\text{가}", "가나", "x", " ", "%",
     "\\(", "\\)", "\\[", "\\]", "\\left", "\\begin{a}", "\\end{a}", "&", "~", "5", "\\'", "\n"]
)  # fmt: skip


@given(st.lists(_PIECES | st.characters(), max_size=40).map("".join))
def test_any_text_is_read_and_no_hangul_is_lost(text):
    read = readable(text)

    assert re.findall(r"[가-힣]", read) == re.findall(r"[가-힣]", text)


@given(st.text(alphabet=st.characters(exclude_characters="$\\")))
def test_text_without_formulas_is_unchanged(text):
    assert readable(text) == text


def test_a_formula_nested_a_thousand_times_does_no_harm():
    text = "$" + "{" * 450 + "x" + "}" * 450 + "$"

    assert "x" in readable(text)
