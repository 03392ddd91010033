"""Which notes a link leads to."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.markup.mentions import note_names_in
from bot.archive.domain.note_links import leads_to, linked_name, note_name

NOTE = "2023/230517 SLiC-HF.md"


@pytest.mark.parametrize(
    "link",
    [
        "230517 SLiC-HF",
        "230517 SLiC-HF.md",
        "230517 slic-hf",
        "2023/230517 SLiC-HF",
        "230517 SLiC-HF|this one",
        "230517 SLiC-HF#Results",
        "230517 SLiC-HF#^block",
    ],
)
def test_a_link_leads_to_its_note(link):
    assert linked_name(link) == note_name(NOTE)
    assert leads_to(link, NOTE)


def test_a_link_with_another_folder_leads_to_another_note():
    assert linked_name("2024/230517 SLiC-HF") == note_name(NOTE)
    assert not leads_to("2024/230517 SLiC-HF", NOTE)
    assert not leads_to("23/230517 SLiC-HF", NOTE)
    assert leads_to("2023/230517 SLiC-HF", f"vault/{NOTE}")


def test_a_link_within_a_note_leads_to_no_note():
    assert linked_name("#Results") == ""


@given(name=st.text(st.characters(exclude_characters="|#^/\\"), min_size=1))
def test_every_composition_of_a_name_is_the_same(name):
    forms = {note_name(unicodedata.normalize(form, f"a/{name}.md")) for form in ("NFC", "NFD")}

    assert len(forms) == 1


@pytest.mark.parametrize("path", ["x.md", "2024/x.markdown", "X.MD", "x.Markdown"])
def test_every_suffix_of_a_note_is_removed(path):
    assert linked_name("x") == linked_name("x.markdown") == note_name(path) == "x"


def test_a_link_in_a_table_leads_to_its_note():
    assert linked_name(r"2023/230517 SLiC-HF\|this one") == note_name(NOTE)
    assert list(note_names_in(r"| [[Alpha\|a]] | [[Beta\#Method]] |")) == ["Alpha", "Beta"]
