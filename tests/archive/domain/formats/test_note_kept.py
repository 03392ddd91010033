"""What a curator wrote and did not change stays in the file: front matter, fields, comments, lines."""

import datetime as dt
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Commentary, Language, tag_slug
from bot.archive.domain.formats.note_text import NoteTextError, rewrite_note
from bot.archive.domain.note import Note
from bot.archive.services.import_parser import NOTE_PARSER

PATH = "250203 Name.md"
HEAD = "https://arxiv.org/abs/2502.01234\n\n*A Fine Title* (Al Bo, Cy Do)\n\n"
LAST = "글.\n\n%% 메모 %%\n\n#rl\n"
FRONT = "---\ntags: [rl, moe]\naliases: [Foo]\nconference: ICLR 2025\n---\n"


def note_of(text: str, path: str = PATH) -> Note:
    return Note.of(NOTE_PARSER.read(text, path))


def edited(text: str, *paragraphs: str) -> str:
    note = note_of(text)
    after = replace(note, commentary=(Commentary(Language.KO, paragraphs),) if paragraphs else ())
    return rewrite_note(text, note, after, NOTE_PARSER)


def tagged(text: str, *tags: str) -> str:
    note = note_of(text)
    return rewrite_note(text, note, replace(note, tags=tags), NOTE_PARSER)


def test_a_paragraph_is_changed_beside_one_with_a_field() -> None:
    text = f"{FRONT}{HEAD}첫 글입니다 (venue:: ICLR 2025).\n\nrating:: 5\n\n둘째 글입니다.\n"

    assert edited(text, "첫 글입니다 .", "고친 글.") == text.replace("둘째 글입니다.", "고친 글.")


@pytest.mark.parametrize(
    ("written", "read", "wanted", "expected"),
    [
        ("글 (venue:: ICLR) 둘.", "글 둘.", "새 글 둘.", "새 글 (venue:: ICLR) 둘."),
        ("글 (venue:: ICLR) 둘.", "글 둘.", "글 셋.", "글 (venue:: ICLR) 셋."),
        ("글 %% 메모 %% 둘.", "글 둘.", "다 고쳤다.", "다 고쳤다. %% 메모 %%"),
        ("글\nrating:: 5\n둘.", "글\n둘.", "글\n셋.", "글\nrating:: 5\n셋."),
        ("글\nrating:: 5\n둘.", "글\n둘.", "다 고쳤다.", "다 고쳤다.\nrating:: 5"),
        ("글\n%%\n메모\n%%\n둘.", "글\n둘.", "다 고쳤다.", "다 고쳤다.\n%%\n메모\n%%"),
        ("글\nrating:: 5\n둘.", "글\n둘.", "글\n새로 둘.", "글\nrating:: 5\n새로 둘."),
        ("글 %% 메모 %%\n둘.", "글\n둘.", "글\n사이.\n둘.", "글 %% 메모 %%\n사이.\n둘."),
        (
            "글 말  \n둘 (a:: b) 말.  \n셋 말.",
            "글 말\n둘 말.\n셋 말.",
            "글 고침\n둘 말.\n셋 고침.",
            "글 고침  \n둘 (a:: b) 말.  \n셋 고침.",
        ),
        ("글 (venue:: ICLR) 둘.", "글 둘.", "", "(venue:: ICLR)"),
        ("글\nrating:: 5\n둘.", "글\n둘.", "", "rating:: 5"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_hidden_in_a_paragraph_stays_when_it_changes(
    written: str, read: str, wanted: str, expected: str, end: str
) -> None:
    text, after = (
        f"{HEAD}처음 글.\n\n{part}\n\n끝 글.\n\n#rl\n".replace("\n", end)
        for part in (written, expected)
    )
    assert note_of(text).commentary[0].paragraphs == ("처음 글.", read, "끝 글.")

    assert edited(text, "처음 글.", *([wanted] if wanted else []), "끝 글.") == after


def test_a_paragraph_is_added_behind_a_field_of_the_one_before() -> None:
    text = f"{HEAD}글입니다. [rating:: 5]\n\n#rl\n"

    assert edited(text, "글입니다.", "더.") == text.replace("5]\n", "5]\n\n더.\n")


def test_of_a_thousand_equal_paragraphs_the_first_and_the_last_change() -> None:
    text = HEAD + "글.\n\n%% 메모 %%\n\n" * 1_000 + "#rl\n"

    after = edited(text, "처음.", *["글."] * 998, "끝.")

    assert after == f"{text.replace('글.', '처음.', 1)[: -len(LAST)]}{LAST.replace('글.', '끝.')}"


def test_text_that_would_become_part_of_the_head_is_refused_at_the_text() -> None:
    text = "https://example.org/a\nhttps://example.org/b\n\n*A Title*\n\n글.\n"

    with pytest.raises(NoteTextError) as refused:
        edited(text, "고친 글.", "글.")

    assert (refused.value.field, refused.value.values) == ("text", {"text": "고친 글."})


def test_blank_lines_and_spaces_in_code_stay_when_other_text_changes() -> None:
    text = f"{HEAD}```\na  \n\n\nb\n```\n\n글입니다.\n"

    assert edited(text, "```\na\n\n\nb\n```", "고친 글.") == text.replace("글입니다.", "고친 글.")


@pytest.mark.parametrize(
    "block",
    [
        "```\ndef f():\n\n    x = 2\n\n    return x\n```",
        "```\ndef f():\n\n  return 1\n```",
        "    code one\n\n      code two",
    ],
)
def test_code_is_written_with_the_indentation_that_was_typed(block: str) -> None:
    text = f"{HEAD}처음.\n\n```\ndef f():\n\n    return 1\n```\n\n끝 글.\n"

    after = edited(text, "처음.", block, "끝 글.")

    assert after == f"{HEAD}처음.\n\n{block}\n\n끝 글.\n"


def test_a_tag_is_added_where_the_last_line_of_tags_repeats_one() -> None:
    text = f"{HEAD}글.\n\n#moe #rl\n\n둘째 글.\n\n#rl #lm\n"

    assert set(note_of(tagged(text, "moe", "rl", "new")).tags) >= {"moe", "rl", "new"}


def test_what_is_removed_between_two_paragraphs_leaves_them_two() -> None:
    text = f"{HEAD}글.\n#rl\n\n둘째 글.\n\n#moe\n"

    assert tagged(text, "moe") == f"{HEAD}글.\n\n둘째 글.\n\n#moe\n"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("tags: [rl, moe, lm]", "tags: [rl, lm]"),
        ("tags: [moe, rl]", "tags: [rl]"),
        ("tags: [rl, moe]", "tags: [rl]"),
        ("tags: [moe]", "tags: []"),
        ('tags: ["rl", "#moe"] # mine', 'tags: ["rl"] # mine'),
        ("tags: [\n  rl,\n  moe\n]", "tags: [\n  rl\n]"),
        ("tags:\n  - moe\n  - rl", "tags:\n  - rl"),
        ("tags: # mine\n- rl\n# more\n- 'MoE' # nice", "tags: # mine\n- rl\n# more"),
        ("tags:\n  - moe", "tags:"),
        ("tags: rl, moe", "tags: rl"),
        ("tags: moe rl # mine", "tags: rl # mine"),
        ("tags: #moe #rl # mine", "tags: #rl # mine"),
        ("tags: [#rl, #moe]", "tags: [#rl]"),
        ("tags:\n  - #moe\n  - #rl", "tags:\n  - #rl"),
        ("tags: moe", "tags:"),
        ('tags: "rl, moe"', 'tags: "rl"'),
        ("태그: [rl]\nkeywords: moe; rl", "태그: [rl]\nkeywords: rl"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_tag_is_taken_out_of_the_front_matter_only(was: str, now: str, end: str) -> None:
    text, after = (
        f"---\naliases: [moe]\n{part}\nconference: ICLR 2025\n---\n{HEAD}글.\n".replace("\n", end)
        for part in (was, now)
    )

    kept = tuple(tag for tag in note_of(text).tags if tag_slug(tag) != "moe")
    assert tagged(text, *kept) == after


def test_a_tag_is_taken_out_of_a_field() -> None:
    text = f"{HEAD}글 (tags:: moe) 둘.\n\ntags:: rl, moe\nrating:: 5\n"

    after = tagged(text, "rl")

    assert after == text.replace("(tags:: moe)", "(tags::)").replace("tags:: rl, moe", "tags:: rl")


def test_a_tag_that_cannot_be_taken_out_of_the_front_matter_is_refused() -> None:
    text = f"---\nx: &all [rl, moe]\ntags: *all\n---\n{HEAD}글.\n"

    with pytest.raises(NoteTextError, match="front matter") as refused:
        tagged(text, "rl")

    assert refused.value.field == "tags"


def test_lines_of_tags_in_comments_and_front_matter_are_not_the_notes() -> None:
    hidden = "%%\n#moe\n# Links\n%%\n\n<!--\n#moe\n-->\n"
    text = f"---\nstatus: x\n#moe\n---\n{HEAD}글.\n\n{hidden}\n#rl #moe\n\n{hidden}"

    assert tagged(text, "rl") == text.replace("#rl #moe", "#rl")
    assert tagged(text, "rl", "moe", "lm") == text.replace("#rl #moe", "#rl #moe #lm")


def test_new_text_goes_to_the_tags_that_are_read_and_not_into_hidden_text() -> None:
    text = f"---\nstatus: x\n#moe\n---\n%%\n# Links\n#moe\n%%\n{HEAD}#rl\n\n%% the rest\n#moe\n"

    assert edited(text, "글.") == text.replace("#rl\n", "글.\n\n#rl\n")


def test_what_is_not_closed_stays_last() -> None:
    text = f"{HEAD}글.\n\n%% the rest\n#moe\n"

    assert tagged(text, "rl") == text.replace("글.\n", "글.\n\n#rl\n\n")


def test_empty_marks_in_a_comment_stay() -> None:
    text = f"{HEAD}%%\n<english>\n</english>\n%%\n\n<english>\nText is here.\n</english>\n\n#rl\n"

    assert edited(text) == text.replace("<english>\nText is here.\n</english>\n\n", "")


def test_a_text_that_would_hide_what_follows_is_refused() -> None:
    text = f"{HEAD}글.\n\n둘.\n\n%% memo %%\n\n#rl\n"

    with pytest.raises(NoteTextError):
        edited(text, "글.", "둘. %%")


KOREAN = (
    "글 N입니다.",
    "글 N입니다 (venue:: ICLR N) 그리고 더.",
    "글 N입니다. %% 메모 N %% 더.",
    "글 N의 줄.\nrating:: N\n둘째 줄 N.",
    "- 목록 N\n- [status:: N] 목록\n  %% 메모 N\n  #moeN\n  N %%\n- 셋 N",
)
ENGLISH = (
    "The text number N is here.",
    "The text number N (venue:: NeurIPS N) is here, with <!-- N --> a remark.",
)
OTHERS = (
    "%%\n#moe\n\n# Links\n%%",
    "<!--\n<english>\n</english>\n-->",
    "rating:: 5\nstatus:: #moe",
    "```\n#moe  \n\n\n# Links\n```",
    "![[picture.png]]",
    "[//]: # (a remark)",
)
FRONTS = (
    "",
    "---\ntitle: X\nrating: 5\n---\n",
    "---\ntags:\n  - rl # nice\n  - moe\n---\n",
    "---\n# a remark\n#moe\nstatus: done\n---\n",
    "---\ndate: 2025-02-03 # when\ntags: [rl, moe]\naliases: [A, B]\n---\n",
)
TAG_LINES = ("", "#rl #moe", "#moe", "#rl\n#moe", "#rl, #moe %% why %%")
_MARK = re.compile(r"n\dn")
_HIDDEN = re.compile(
    r"\(venue:: [^)]*\)|%%.*?%%|<!--.*?-->|\[status:: [^\]]*\]|rating:: \w+", re.DOTALL
)


@st.composite
def written_notes(draw: st.DrawFn) -> str:
    korean = draw(st.lists(st.sampled_from(KOREAN), max_size=4))
    english = draw(st.lists(st.sampled_from(ENGLISH), max_size=2))
    blocks = [each.replace("N", f"n{number}n") for number, each in enumerate((*korean, *english))]
    is_marked = draw(st.booleans())
    if english and is_marked:
        marked = "\n\n".join(blocks[len(korean) :])
        blocks[len(korean) :] = [f"<english>\n{marked}\n</english>"]
    for other in draw(st.lists(st.sampled_from(OTHERS), max_size=3, unique=True)):
        blocks.insert(draw(st.integers(0, len(blocks))), other)
    parts = (*blocks, draw(st.sampled_from(TAG_LINES)), draw(st.sampled_from(["", "%% end"])))
    text = draw(st.sampled_from(FRONTS)) + HEAD + "\n\n".join(filter(None, parts)) + "\n"
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def is_kept(line: str, changed: str) -> bool:
    return bool(line.strip()) and set(_MARK.findall(line)).isdisjoint(_MARK.findall(changed))


@given(
    text=written_notes(),
    kind=st.sampled_from(["add", "change", "append", "remove", "tag", "untag", "date"]),
    data=st.data(),
)
def test_every_line_that_was_not_edited_stays_in_its_place(
    text: str, kind: str, data: st.DataObject
) -> None:
    note = note_of(text, "Name.md")
    paragraphs = [
        (each.language, p) for each in note.commentary for p in each.paragraphs if _MARK.search(p)
    ]
    edited_lines: tuple[str, ...] = ()
    changed = ""
    after = note
    if kind == "tag":
        after = replace(note, tags=(*note.tags, "lm"))
        edited_lines = ("#",)
    elif kind == "untag":
        gone = data.draw(st.sampled_from(["rl", "moe"]))
        after = replace(note, tags=tuple(tag for tag in note.tags if tag != gone))
        edited_lines = ("#rl", "#moe", "tags:", f"  - {gone}")
    elif kind == "date":
        after = replace(note, date=dt.date(2025, 2, 9))
        edited_lines = ("date:",)
    elif paragraphs:
        language, changed = data.draw(st.sampled_from(paragraphs))
        new = {
            "add": (changed, "더한 글." if language is Language.KO else "One more text is here."),
            "change": ("고친 글." if language is Language.KO else "An edited text is here.",),
            "append": (f"{changed} 더" if language is Language.KO else f"{changed} Too.",),
            "remove": (),
        }[kind]
        commentary = [
            Commentary(
                each.language,
                tuple(q for p in each.paragraphs for q in (new if p == changed else (p,))),
            )
            for each in note.commentary
        ]
        after = replace(note, commentary=tuple(each for each in commentary if each.paragraphs))
        edited_lines = ("#rl", "#moe", *(("<", "</") if kind == "remove" else ()))

    result = rewrite_note(text, note, after, NOTE_PARSER)

    new_lines = iter(result.splitlines())
    for line in text.splitlines():
        if is_kept(line, changed) and not line.startswith(edited_lines):
            assert line in new_lines, line
    for hidden in _HIDDEN.findall(text):
        assert hidden in result, hidden
