"""Which tags are probably the same."""

import pytest

from bot.archive.domain.tagging.near_tags import Near, Nearness, find_near, find_slips


def test_hyphens_plurals_and_slips_lead_to_the_more_used_tag():
    uses = {
        "pretraining": 9, "pre-training": 2, "llm": 5, "llms": 1, "reasoning": 4, "reasnoing": 1,
        "ontologies": 1, "ontology": 2, "benchmarks": 7, "benchmark": 6,
    }  # fmt: skip

    assert find_near(uses) == (
        Near("benchmark", "benchmarks", Nearness.NUMBER),
        Near("llms", "llm", Nearness.NUMBER),
        Near("ontologies", "ontology", Nearness.NUMBER),
        Near("pre-training", "pretraining", Nearness.HYPHEN),
        Near("reasnoing", "reasoning", Nearness.SLIP),
    )


@pytest.mark.parametrize(
    "pair",
    [("llama-2", "llama-3"), ("gas", "ga"), ("loss", "los"), ("rl", "ml"),
     ("encoder", "encode"), ("ml/rl", "ml")],
)  # fmt: skip
def test_other_words_are_other_tags(pair: tuple[str, str]):
    assert find_near(dict.fromkeys(pair, 5)) == ()


def test_a_merged_tag_is_known_and_leads_to_the_tag_it_counts_as():
    uses, roots = {"pretraining": 3, "alignment": 1}, {"pre-training": "pretraining"}

    found = find_slips(["pre-training", "pre-trianing", "alignmnet"], uses, roots)

    assert found == {"pre-trianing": "pretraining"}
