"""What was decoded wrongly is set right, and what is right stays as it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.domain.mojibake import repair_mojibake
from tests.growth import LINEAR, exponent, repeated


def damaged(text: str, encoding: str) -> str:
    """UTF-8 read as if it were in that encoding, which browsers and databases do."""
    # Windows-1252 leaves five bytes undefined; whoever reads them makes control characters.
    return "".join(
        bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in text.encode()
    )


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("Dirk WÃ¼bben", "Dirk Wübben"),
        ("JosÃ© RaÃºl", "José Raúl"),
        ("Aurora RamÃ\xadrez", "Aurora Ramírez"),
        ("Itâ€™s", "It’s"),
        ("2019â€“2021", "2019–2021"),
        ("â€œLazyâ€\x9d â€¦", "“Lazy” …"),
        ("Å\x81ukasz", "Łukasz"),
        ("PaweÅ‚ Å»aneta", "Paweł Żaneta"),
        ("Ã–zgÃ¼r", "Özgür"),
        ("Ä°lker", "İlker"),
        ("Ã…ngstrÃ¶m", "Ångström"),
        ("NguyÃªn Nguyá»…n", "Nguyên Nguyễn"),
        ("NoÃ«l LÃ³pez LÃ©vy", "Noël López Lévy"),
        ("WeiÃ\x9fl", "Weißl"),
        ("cÅ“ur d’Å’uvre", "cœur d’Œuvre"),
        ("at most $Î±$ for Î»-calculus, $O(Ï€)$", "at most $α$ for λ-calculus, $O(π)$"),
        ("WÃƒÂ¼bben", "Wübben"),
        ("NguyÃ¡Â»Â\x85n", "Nguyễn"),
        ("90Â° Â± 5Â\xa0Âµm, 3Ã—10", "90° ± 5\xa0µm, 3×10"),
        ("ï¬\x81ne-tuning", "ﬁne-tuning"),
        ("í\x95\x99ìŠ\xb5".replace("Š", "\x8a"), "학습"),
        ("KovÃ¡Ä\x8d, 0.5 Ã—, â€œÎ±â€\x9d", "Kováč, 0.5 ×, “α”"),
    ],
)
def test_what_was_decoded_wrongly_is_set_right(broken: str, right: str):
    assert repair_mojibake(broken) == right


@pytest.mark.parametrize(
    "text",
    [
        *("Wübben", "São Paulo", "Ångström", "학습", "Ã la carte", "$x^2$ × 3°", "Â", "naïve café"),
        *("5×–10× faster", "a “10×” gain", "2×… 3×’", "Gauß–Newton", "Weiß’s bound", "“Weiß”"),
        *("CAFÉ–BAR", "“CAFÉ”", "SÃO PAULO–MANHÃ", "OPÇÃ–OPÇÃO", "HYVÄ—hyvä", "„JÄÄ“ ist", "«MAÇû"),
        *("a “cliché…”", "“café—”", "«está»… y «mamá»—", "naïveté’”"),
        *("3 Å² and 5 Å³", "2 Å±0.1", "5 mÅ–6 mÅ", "an Å\xa0scale", "the letter Ä’s dots", "10 Å…"),
        *(
            "α≤β×γ",
            "Привет — «мир»",
            "보상 모델 “10×”–“20×”",
            "Âge",
            "« Â »",
            "Ø±",
            "“Î”",
            "«Î»",
            "AÎ²",
            "±5Ü²",
        ),
    ],
)
def test_what_is_right_stays(text: str):
    assert repair_mojibake(text) == text


LETTERS = {
    "de": "abcdefghijklmnopqrstuvwxyzäöüß",
    "fr": "abcdefghijlmnopqrstuvxyzàâæçèéêëîïôùûüÿ",
    "es": "abcdefghijlmnopqrstuvxyzáéíñóúü",
    "pt": "abcdefghijlmnopqrstuvxzáâãàçéêíóôõú",
    "pl": "abcdefghijklmnoprstuwyząćęłńóśźż",
    "cs": "abcdefghijklmnoprstuvyzáčďéěíňóřšťúůýž",
    "hu": "abcdefghijklmnoprstuvyzáéíóöőúüű",
    "tr": "abcçdefgğhıijklmnoöprsştuüvyz",
    "sv": "abcdefghijklmnopqrstuvxyzåäö",
    "da": "abcdefghijklmnopqrstuvyzæøå",
    "fi": "adeghijklmnoprstuvyäö",
    "is": "aábdðeéfghiíjklmnoóprstuúvxyýþæö",
    "ro": "aăâbcdefghiîjlmnopqrsștțuvxz",
    "lv": "aābcčdeēfgģhiījkķlļmnņoprsštuūvzž",
    "lt": "aąbcčdeęėfghiįyjklmnoprsštuųūvzž",
    "vi": "abcdeghiklmnopqrstuvxyáàảãạăâđêôơưếềểễệốồổỗộớờởỡợứừửữự",
}
WORDS = st.sampled_from(sorted(LETTERS)).flatmap(
    lambda language: st.text(alphabet=LETTERS[language], min_size=2, max_size=8)
)
CAPITALIZED = WORDS.map(lambda word: word[0].upper() + word[1:])
# Doubtful alone: a word in capitals may end in Ä (HYVÄ…), a letter has an ’s, 5 Å² is a measure.
NAMES = CAPITALIZED.filter(
    lambda word: len(word) > 2 and word[0] not in "ŖŅŒŠŲŰĒÒ" and word[1] not in "ąėŗ"
)
CASED = st.one_of(WORDS, CAPITALIZED, WORDS.map(str.upper))
OTHERS = st.one_of(
    st.integers(0, 9999).map(str),
    st.integers(0, 99).map(lambda n: f"{n}×"),
    st.text(alphabet="가나다라학습보상모델", min_size=1, max_size=5),
    st.text(alphabet="αβγδλμπσω", min_size=1, max_size=3),
    st.text(alphabet="абвгджийклмнопрстухцчшыьэюя", min_size=1, max_size=6),
)
QUOTED = st.tuples(
    st.sampled_from(["{}", "“{}”", "‘{}’", "«{}»", "„{}“", "({})", "{}…", "{}’s", "{}™", "{}²"]),
    st.one_of(CASED, OTHERS),
).map(lambda pair: pair[0].format(pair[1]))
BETWEEN = st.sampled_from([" ", " ", "–", "—", " – ", "-", ", ", "… ", " × "])


@given(st.lists(st.tuples(QUOTED, BETWEEN), min_size=1, max_size=8))
def test_correct_text_is_never_changed(pieces: list[tuple[str, str]]):
    text = "".join(word + between for word, between in pieces)

    assert repair_mojibake(text) == text


@given(st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(["latin-1", "cp1252"]))
def test_one_round_of_damage_to_names_is_undone(names: list[str], encoding: str):
    name = " ".join(names)

    assert repair_mojibake(damaged(name, encoding)) == name


@given(st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(["latin-1", "cp1252"]))
def test_two_rounds_of_damage_to_names_are_undone(names: list[str], encoding: str):
    name = " ".join(names)

    assert repair_mojibake(damaged(damaged(name, encoding), encoding)) == name


@given(st.text(max_size=60))
def test_repairing_twice_is_repairing_once(text: str):
    better = repair_mojibake(text)

    assert len(better) <= len(text)
    assert better == text or re.search("[\x80-\xff]", text)


@given(st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_plain_text_is_unchanged(text: str):
    assert repair_mojibake(text) == text


@pytest.mark.parametrize("piece", ["mÅ²", "tá»…d", "Ä’s", "Ã¼"])
def test_a_text_full_of_suspicion_takes_time_in_proportion(piece: str):
    assert exponent(repair_mojibake, repeated(piece)) < LINEAR
