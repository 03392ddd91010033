from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.arxiv.domain.title_match import (
    CERTAIN,
    Match,
    best_match,
    confidence,
    is_same_title,
    is_searchable,
    may_take,
    surnames,
    title_words,
)

AT = datetime(2025, 2, 3, tzinfo=UTC)
AUTHORS = ("Ada Example", "Bo Sample", "Chu Muster")


def record(
    title: str, authors: tuple[str, ...] = AUTHORS, number: str = "2502.00001"
) -> ArxivRecord:
    return ArxivRecord(ArxivId(number, 1), title, authors, "", ("cs.LG",), AT, AT)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Scaling Test-Time Compute", "Scaling test time compute"),
        ("Deep Nets: A Study", "Deep nets - a study"),
        ("On $\\alpha$-Divergences of Priors", "On \\alpha-divergences of priors"),
        ("Schrödinger Bridges", 'Schr\\"odinger bridges'),
        ("Learning with the Right Loss", "Learning with Right Loss"),
        ("Self-Supervised Pretraining Revisited", "Selfsupervised Pre-training Revisited"),
        ("Transformers Without Normalisation", "Transformers without Normalization"),
        ("\\textbf{Bold} Rewards", "Bold Rewards"),
        ("In-Context Rewards", "In Context Rewards"),
        ("On-Line Learning of Kernels", "Online Learning of Kernels"),
        ("Image In-Painting Revisited", "Image Inpainting Revisited"),
        ("Vision & Language Agents", "Vision and Language Agents"),
        ("A Study of the Reward Model", "Study of a Reward Model"),
        ("Model2 Technical Report", "Model 2 Technical Report"),
        ("Reinforcment Learning at Night", "Reinforcement Learning at Night"),
        ("Reinforecment Learning at Night", "Reinforcement Learning at Night"),
        ("Learning from Labelled Stars", "Learning from Labeled Stars"),
        ("Reward Models Are Judges", "Reward Model Are Judges"),
        ("Gauß Processes", "Gauss Processes"),
    ],
)
def test_two_spellings_of_a_title_are_one_paper(ours: str, theirs: str):
    assert confidence(ours, AUTHORS, record(theirs)) >= CERTAIN


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Small Kernels Everywhere, Part I", "Small Kernels Everywhere, Part II"),
        ("Model 2 Technical Report", "Model 2.5 Technical Report"),
        ("Modelo Technical Report", "Modelo2 Technical Report"),
        ("Learning from Images", "Learning from Videos"),
        ("Learning from Images", "Learning from Images: The Missing Half"),
        ("A Survey of Rewards", "A Survey of Awards in Teaching"),
        ("Attention", "Attention Is All You Need"),
        # Words that differ by a prefix, however long they are.
        ("Supervised Learning of Graphs", "Unsupervised Learning of Graphs"),
        ("Supervised Learning of Graphs", "Semi-Supervised Learning of Graphs"),
        ("Self-Supervised Learning of Graphs", "Self-Unsupervised Learning of Graphs"),
        ("Linear Bandits with Delays", "Nonlinear Bandits with Delays"),
        ("Linear Bandits with Delays", "Non-Linear Bandits with Delays"),
        ("Multilinear Maps of Rewards", "Multinonlinear Maps of Rewards"),
        ("Convex Games of Many Players", "Nonconvex Games of Many Players"),
        ("Deterministic Policies for Boats", "Nondeterministic Policies for Boats"),
        ("Labeled Speech", "Unlabeled Speech"),
        ("Aligned Speech Models", "Misaligned Speech Models"),
        ("Training of Speech Models", "Pretraining of Speech Models"),
        ("A Symmetric Loss for Noisy Stars", "Asymmetric Loss for Noisy Stars"),
        ("On Line Search for Agents", "Online Search for Agents"),
        # Pairs of one length that begin alike.
        ("Offpolicy Evaluation of Boats", "Onpolicy Evaluation of Boats"),
        ("Off-Policy Evaluation of Boats", "On-Policy Evaluation of Boats"),
        ("Offline Evaluation of Boats", "Online Evaluation of Boats"),
        ("Maximization of Regret", "Minimization of Regret"),
        ("Interlayer Attention", "Intralayer Attention"),
        ("Macroscopic Views of Attention", "Microscopic Views of Attention"),
        ("Multimodal Agents", "Multimodel Agents"),
        ("An Encoder for Stars", "A Decoder for Stars"),
        ("Forward Passes Suffice", "Backward Passes Suffice"),
        # Real words that one letter parts.
        ("Learning Optical Flows", "Learning Optimal Flows"),
        ("Learning to Walk", "Leaning to Walk"),
        ("Projection of Kernels", "Protection of Kernels"),
        ("Prompting Small Agents", "Promoting Small Agents"),
        ("Casual Effects of Rewards", "Causal Effects of Rewards"),
        ("Conversation of Energy Agents", "Conservation of Energy Agents"),
        ("Generate Text with Care", "Generated Text with Care"),
        ("Variation Bounds", "Variational Bounds"),
        # Small words that mean something.
        ("Learning from Rewards", "Learning by Rewards"),
        ("Learning from Rewards", "Learning for Rewards"),
        ("Learning with Rewards", "Learning without Rewards"),
        ("Learning from Rewards", "Learning Rewards"),
        ("Images to Text", "Images from Text"),
        # Numbers, versions, parts.
        ("Small Kernels Everywhere", "Small Kernels Everywhere, Part II"),
        ("Small Kernels Everywhere, Part A", "Small Kernels Everywhere, Part"),
        ("Model 2.5 Technical Report", "Model 25 Technical Report"),
        ("Model v1 Technical Report", "Model v2 Technical Report"),
        ("Starnet for Galaxies", "Starnet++ for Galaxies"),
        ("Two-Shot Kernels", "Ten-Shot Kernels"),
        ("지도 학습으로 본 보상 모델", "비지도 학습으로 본 보상 모델"),
    ],
)
def test_another_paper_of_the_same_authors_is_not_it(ours: str, theirs: str):
    assert confidence(ours, AUTHORS, record(theirs)) < CERTAIN


def test_the_same_title_by_others_is_not_it():
    assert (
        confidence("Learning Rewards Well", AUTHORS, record("Learning Rewards Well", ("X Y",))) == 0
    )


def test_one_author_in_ten_may_be_missing():
    many = tuple(f"Given{n} Name{chr(97 + n)}" for n in range(10))

    assert confidence("A Title", many, record("A Title", many[:9])) >= CERTAIN
    assert confidence("A Title", many, record("A Title", many[:8])) < CERTAIN


def test_without_authors_only_a_long_title_word_by_word_is_enough():
    assert confidence("Five Words Make A Title", (), record("Five words make a title")) >= CERTAIN
    assert confidence("Five Words Made A Title", (), record("Five words make a title")) < CERTAIN
    assert confidence("Trellis", (), record("Trellis")) < CERTAIN


def test_two_certain_papers_are_none():
    match, best = best_match(
        "A Title", AUTHORS, [record("A Title"), record("A title", number="2502.00002")]
    )

    assert match is None
    assert best >= CERTAIN


def test_an_exact_title_goes_before_one_with_a_typing_error():
    exact = record("Transformers without Normalization")
    slip = record("Transformers without Normalisation", number="2502.00002")

    match, _ = best_match("Transformers without Normalization", AUTHORS, [slip, exact])

    assert match is not None
    assert match.record is exact


def test_an_exact_title_goes_before_a_typing_error_with_better_authors():
    six = (*AUTHORS, "Dora Beispiel", "Eva Muestra", "Finn Prov")
    exact = record("Transformers without Normalization", six[:5])
    slip = record("Transformers without Normalisation", six, number="2502.00002")

    match, _ = best_match("Transformers without Normalization", six, [slip, exact])

    assert match is not None
    assert match.record is exact


def test_two_papers_with_a_typing_error_each_stay_open():
    records = [
        record("Learning from Labeled Stars"),
        record("Learning from Labelled Star", number="2502.00002"),
    ]

    assert best_match("Learning from Labelled Stars", AUTHORS, records)[0] is None


def test_one_paper_that_was_answered_twice_is_one():
    match, _ = best_match("A Title", AUTHORS, [record("A Title"), record("A Title")])

    assert match is not None


def test_up_to_three_typing_errors_match():
    ours = "Normalised Generalised Tokenised Vectorised Kernels"

    assert confidence(ours, AUTHORS, record(ours.replace("ised", "ized", 3))) >= CERTAIN
    assert confidence(ours, AUTHORS, record(ours.replace("ised", "ized"))) < CERTAIN


def test_a_paper_that_another_entry_has_is_taken_by_its_very_title_only():
    slip = "Transformers without Normalisation"
    exact = "Transformers without Normalization"
    matches = {
        title: Match(record(exact), 0.97, is_exact=is_same_title(title, exact))
        for title in (slip, exact)
    }

    assert may_take(exact, matches[exact], [slip])
    assert not may_take(slip, matches[slip], [exact])
    assert may_take(slip, matches[slip], [slip.upper()])
    assert may_take(slip, matches[slip], [])


PREFIXES = (
    *("un", "non", "in", "im", "de", "dis", "mis", "semi", "anti", "multi", "pre", "post", "re"),
    *("over", "under", "sub", "super", "bi", "uni", "a", "hyper", "inter", "intra", "meta", "co"),
)
letters = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=14)


@given(st.sampled_from(PREFIXES), letters, st.booleans())
def test_a_prefix_makes_another_paper(prefix: str, word: str, hyphen: bool):
    other = f"{prefix}{'-' * hyphen}{word}"

    # "aab" is "ab" with a letter doubled: such words do not exist.
    if len(word) < 7 or not word.startswith(prefix[-1]):
        value = confidence(f"Rewards {word} Kernels", AUTHORS, record(f"Rewards {other} Kernels"))
        assert value < CERTAIN


@given(letters, letters, st.sampled_from(PREFIXES))
def test_a_prefix_within_a_word_makes_another_paper(start: str, end: str, prefix: str):
    if len(prefix) > 1 and start + end != start + prefix + end:
        assert confidence(f"x {start}{end}", AUTHORS, record(f"x {start}{prefix}{end}")) < CERTAIN


@given(letters, letters)
def test_a_letter_in_the_place_of_another_makes_another_paper(word: str, other: str):
    if len(word) == len(other) and sorted(word) != sorted(other) and not {*"sz"} & {*word, *other}:
        assert confidence(f"x {word}", AUTHORS, record(f"x {other}")) < CERTAIN


@given(st.lists(letters, min_size=1, max_size=8), st.integers(0, 99), st.integers(0, 99))
def test_numbers_must_agree(words: list[str], one: int, other: int):
    ours, theirs = ([*words[:2], str(number), *words[2:]] for number in (one, other))

    value = confidence(" ".join(ours), AUTHORS, record(" ".join(theirs)))
    assert (value >= CERTAIN) is (one == other)


@given(st.lists(letters, min_size=1, max_size=9), st.lists(letters, min_size=1, max_size=9))
def test_whose_title_it_is_depends_on_no_order(one: list[str], other: list[str]):
    ours, theirs = " ".join(one), "-".join(other)

    assert is_same_title(ours, theirs) is is_same_title(theirs, ours)
    assert confidence(ours, AUTHORS, record(theirs)) == confidence(theirs, AUTHORS, record(ours))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Example", ("example",)),
        ("Example, Ada", ("example",)),
        ("de Example, Ada", ("de", "example")),
        ("Robert Roe Jr.", ("roe",)),
        ("Ada Example et al.", ("example",)),
        ("Daniel P\\'erez", ("perez",)),
        ("이영희", ("이영희",)),
    ],
)
def test_a_surname_is_found_in_a_name(name: str, expected: tuple[str, ...]):
    assert surnames(name) == expected


@pytest.mark.parametrize(
    ("title", "authors", "expected"),
    [
        ("MelGAN", (), False),
        ("MelGAN", ("A B",), True),
        ("Five Words Make A Title", (), True),
        ("한국어 제목만 있는 메모 하나", (), False),
        ("", ("A B",), False),
    ],
)
def test_only_what_could_be_found_is_searched_for(title: str, authors, expected: bool):
    assert is_searchable(title, authors) is expected


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=4), st.text(max_size=80))
def test_confidence_is_a_share_and_nothing_raises(title: str, authors: list[str], other: str):
    value = confidence(title, authors, record(other))

    assert 0 <= value <= 1
    assert " ".join(title_words(title)).split() == list(title_words(title))


@given(st.text(alphabet="abcdefgh ", min_size=1, max_size=60))
def test_a_title_is_itself(title: str):
    if title_words(title):
        assert confidence(title, AUTHORS, record(title)) == 1
