r"""LaTeX in titles and abstracts as text that people read: `$\alpha_t$` becomes αₜ.

The parsing is pylatexenc's. What it does not know, or what only looks like LaTeX (prices,
paths), stays as it was written: nothing is lost.
"""

import logging
import re
import threading
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from bot.core.domain.late import late_pattern
from bot.core.domain.latex_accents import accents

_LONGEST = 1000
"""Longer formulas stay LaTeX: they are unreadable in a chat and slow to parse."""

_MOST = 8000
"""Characters of formulas that are translated in one text, at about 5 µs each."""
_FORMULA_ITSELF = 80
"""Characters that each formula counts beside its own."""

_LONGEST_CACHED = 1000
"""Longer texts are not cached: titles are what is rendered repeatedly."""

# $…$ as Pandoc reads it: no space just inside, no digit just behind, so that "$5 and $10" is
# money. \(…\), \[…\] and $$…$$ are always formulas. No formula contains the beginning of another,
# so that the search is linear.
_INSIDE = r"(?:[^$\n\\]|\\[^$\n()\[\]])+"
_FORMULA = late_pattern(
    r"\$\$(?P<display>[^$]+)\$\$"
    rf"|(?<!\\)\\\((?P<round>{_INSIDE})\\\)"
    rf"|(?<!\\)\\\[(?P<square>{_INSIDE})\\\]"
    r"|(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\d$])"
    r"|(?<!\\)\$(?P<script>[\^_][^$\n]*[^\s$\\])\$(?![\d$])"
)
_PROSE_MACRO = late_pattern(
    r"\\(?:emph|textbf|textit|textsf|textsc|textrm|texttt|text|underline|url|mbox)"
    r"\{(?P<body>[^{}\\$]*)\}"
    r"|\{\\(?:bf|em|it|rm|sc|sf|sl|tt)(?:series|shape|family)?\s+(?P<group>[^{}\\$]*)\}"
    r"|(?<!\\)\\(?P<sign>[%&#_$])"
)
_SAYS_MATH = late_pattern(r"[\\^_=<>+{}]")
_WORD = late_pattern(r"[^\W\d_]{2,}")
# Compiled by its first use: of 40,000 characters that takes a while, and few texts have formulas.
_FOREIGN = r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3]"

_KEPT = {"{": "\ue000", "}": "\ue001", "^": "\ue002", "_": "\ue003"}
"""Stand-ins for literal braces, carets and underscores while scripts are translated."""

_SUPER = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδεθιφχ⊤′*⋆",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᵋᶿᶥᶲᵡᵀ′*⋆",
        strict=True,
    )
)
_SUB = dict(
    zip(
        "0123456789+-−=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
_SCRIPT = late_pattern(r"([\^_])(?:\{([^{}]*)\}|([^\s{}]))")
_BARE_SCRIPT = late_pattern(r"([\^_])\s*(\\[A-Za-z]+(?:\{[^{}]*\})?)")
_CODE_POINT = late_pattern(r"\\unicode\{x([0-9a-fA-F]{1,5})\}")
_DEEPEST = 4
_OPERATORS = re.findall(
    r"\w+",
    "arccos arcsin arctan arg argmax argmin cos cosh cov det diag dim exp gcd inf ker lg lim "
    "liminf limsup ln log max min Pr rank sign sin sinh softmax sup tan tanh tr Tr Var",
)
_SILENT = ("left", "right", "middle", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "limits")


class _UnknownMacroError(Exception):
    """A macro without a text form: the formula stays LaTeX."""


def _refuse(*_: Any) -> str:
    raise _UnknownMacroError


def _overlined(node: Any, l2tobj: Any) -> str:
    text = l2tobj.node_arg_to_text(node, 0)
    if len(text) != 1:
        raise _UnknownMacroError
    return f"{text}\u0304"


def _translator() -> Any:
    # Imported with the first formula: most commands meet none.
    from pylatexenc.latex2text import (  # noqa: PLC0415
        LatexNodes2Text,
        MacroTextSpec,
        get_default_latex_context_db,
    )

    # It logs a warning for every macro that it cannot translate.
    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
    context = get_default_latex_context_db()
    context.add_context_category(
        "paperbot",
        prepend=True,
        macros=[
            MacroTextSpec("{", simplify_repl=_KEPT["{"]),
            MacroTextSpec("}", simplify_repl=_KEPT["}"]),
            MacroTextSpec("_", simplify_repl=_KEPT["_"]),
            MacroTextSpec("|", simplify_repl="‖"),
            MacroTextSpec("colon", simplify_repl=":"),
            MacroTextSpec("overline", simplify_repl=_overlined),
            *(MacroTextSpec(name, simplify_repl=f" {name}") for name in _OPERATORS),
            *(MacroTextSpec(name, simplify_repl="") for name in _SILENT),
        ],
    )
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=_refuse))
    return LatexNodes2Text(
        latex_context=context, math_mode="text", keep_braced_groups=True, strict_latex_spaces=False
    )


_THREAD = threading.local()


def _own_translator() -> Any:
    """This thread's translator: it keeps state while it works."""
    if not hasattr(_THREAD, "translator"):
        _THREAD.translator = _translator()
    return _THREAD.translator


def readable(text: str) -> str:
    """The text as people read it: formulas and accents in Unicode, as far as that is possible.

    This is what is shown everywhere, and what is indexed. Linear in the length of the text.
    """
    if "$" not in text and "\\" not in text:
        return text
    return _cached(text) if len(text) <= _LONGEST_CACHED else _readable(text)


def _readable(text: str) -> str:
    pieces: list[str] = []
    at = translated = 0
    for match in _FORMULA.finditer(text):
        body = next(group for group in match.groups() if group is not None)
        if not _is_formula(match, body):
            continue  # prose
        pieces.append(_prose(text[at : match.start()]))
        cost = len(body) + _FORMULA_ITSELF
        is_wanted = len(body) <= _LONGEST and translated + cost <= _MOST
        pieces.append((_translate(body) if is_wanted else "") or match[0])
        translated += cost if is_wanted else 0
        at = match.end()
    pieces.append(_prose(text[at:]))
    return "".join(pieces)


_cached = lru_cache(maxsize=2048)(_readable)


def _is_formula(match: re.Match[str], body: str) -> bool:
    if not body.isascii() and re.search(_FOREIGN, body):
        return False
    return match["inline"] is None or _is_math(body)


def _is_math(body: str) -> bool:
    """Whether text between two dollar signs is a formula, not prose between two prices."""
    if _SAYS_MATH.search(body):
        return True
    return " " not in body or not _WORD.search(body)


@lru_cache(maxsize=1024)
def _translate(body: str) -> str:
    """The formula as text; empty when that cannot be done."""
    from pylatexenc.latexwalker import LatexWalkerError  # noqa: PLC0415

    source = _CODE_POINT.sub(lambda match: chr(int(match[1], 16)), body)
    source = re.sub(r"(?<!\\)%", r"\\%", source)  # a percent sign, not a LaTeX comment
    source = re.sub(r"\\operatorname\*?\{([A-Za-z ]+)\}", r"\\mathrm{\1}", source)
    source = _BARE_SCRIPT.sub(r"\1{\2}", source)
    try:
        text: str = _own_translator().latex_to_text(f"${source}$")
    except (_UnknownMacroError, LatexWalkerError, RecursionError, IndexError, ValueError):
        return ""
    for _ in range(_DEEPEST):
        text = _SCRIPT.sub(_script, text)
    text = re.sub(r"[{}]", "", text)
    for sign, kept in _KEPT.items():
        text = text.replace(kept, sign)
    return normalize("NFC", re.sub(r"([(\[{]) ", r"\1", " ".join(text.split())))


def _script(match: re.Match[str]) -> str:
    """`^{i+1}` as raised characters, or, where one of them has no raised form, as `^(i+1)`."""
    inside = (match[2] if match[2] is not None else match[3]).strip()
    forms = _SUPER if match[1] == "^" else _SUB
    if inside and all(character in forms for character in inside):
        return "".join(forms[character] for character in inside)
    sign = _KEPT[match[1]]
    return f"{sign}{inside}" if len(inside) < 2 or inside.isalnum() else f"{sign}({inside})"


def _prose(text: str) -> str:
    return _PROSE_MACRO.sub(_macro, accents(text)) if "\\" in text else text


def _macro(match: re.Match[str]) -> str:
    for part in ("body", "group"):
        if match[part] is not None:
            return match[part]
    return match["sign"]
