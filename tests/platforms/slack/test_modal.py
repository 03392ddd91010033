"""Any form is a view that Slack takes, and reads back to what stands in it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.form import Field, FieldKind, Form, FormAction
from bot.platforms.slack.rendering.modal import (
    LONGEST_FIELD,
    FormState,
    answer_submission,
    is_too_long,
    read_inputs,
    read_state,
    render_form,
    values_of,
)
from bot.platforms.slack.rendering.text import Json, length, printable
from tests.fakes.slack.modals import Modal, check_view

STATE = FormState("note", "key", "C1", None, "ko-KR")
NAMES = ("paper", "ko", "en", "tags", "date")
WORDS = st.text(max_size=60) | st.sampled_from(["😀" * 40, "말 " * 30, "a\nb\n\nc ", "\x00\x07"])
VALUES = WORDS | st.builds(lambda text, n: text * n, WORDS, st.integers(1, 400)).filter(
    lambda text: length(text) <= LONGEST_FIELD
)


@st.composite
def forms(draw: st.DrawFn) -> Form:
    fields = tuple(
        Field(
            name,
            draw(WORDS),
            draw(st.sampled_from(FieldKind)),
            value=draw(VALUES),
            hint=draw(WORDS),
            is_required=draw(st.booleans()),
            longest=draw(st.integers(1, 5000)),
            suggestions=tuple(draw(st.lists(WORDS, max_size=3))),
        )
        for name in NAMES[: draw(st.integers(1, 5))]
    )
    problems = draw(st.dictionaries(st.sampled_from([*NAMES, "", "other"]), WORDS, max_size=3))
    return Form(
        "note",
        "key",
        draw(WORDS),
        draw(WORDS),
        fields,
        about=tuple(draw(st.lists(WORDS, max_size=3))),
        problems=problems,
        actions=tuple(
            FormAction(f"a{n}", text) for n, text in enumerate(draw(st.lists(WORDS, max_size=2)))
        ),
    )


def sent(view: Json, typed: dict[str, str] | None = None) -> Json:
    """The view as Slack sends it after somebody typed."""
    modal = Modal("V1", "U1", view, "h")
    modal.typed = {
        block["block_id"]: block["element"].get("initial_value", "") for block in modal.inputs
    } | (typed or {})
    return modal.as_sent("T1")


@given(forms())
def test_a_form_is_a_valid_view_and_reads_back(form: Form):
    view = render_form(form, STATE)

    check_view(view)
    state = read_state(view)
    assert state is not None
    assert (state.key, state.channel, state.locale) == ("key", "C1", "ko-KR")
    assert values_of(read_inputs(sent(view))) == {
        name: printable(value) for name, value in form.values.items()
    }


@given(forms(), forms(), st.dictionaries(st.sampled_from(NAMES), WORDS, max_size=5))
def test_a_replaced_form_shows_what_it_says(before: Form, after: Form, typed: dict[str, str]):
    """Slack keeps an input's text where its id stays the same: only where that is right."""
    view = render_form(before, STATE)
    first = {each.field: each.block_id for each in reversed(read_inputs(view))}
    put = {first[name]: printable(text) for name, text in typed.items() if name in first}
    shown = read_inputs(sent(view, put))

    again = render_form(after, STATE, shown)

    check_view(again)
    kept = {each.block_id: each.text for each in shown}
    stands = [replace(each, text=kept.get(each.block_id, each.text)) for each in read_inputs(again)]
    assert values_of(stands) == {name: printable(value) for name, value in after.values.items()}


@given(forms(), st.sampled_from(["", "T1"]), st.sampled_from([None, "1.2"]))
def test_a_modal_knows_where_it_was_opened(form: Form, team: str, thread: str | None):
    state = replace(STATE, team=team, thread=thread)

    read = read_state(render_form(form, state))

    assert read is not None
    assert replace(read, name=state.name, key=state.key, frame="") == state


@given(forms())
def test_errors_are_shown_beside_inputs_only(form: Form):
    view = render_form(replace(form, problems={}), STATE)
    state, shown = read_state(view), read_inputs(sent(view))
    assert state is not None

    answer = answer_submission(form, state, shown)

    if answer["response_action"] == "errors":
        assert set(answer["errors"]) <= {each.block_id for each in shown}
        assert all(answer["errors"].values())
    else:
        check_view(answer["view"])


def test_a_text_that_no_modal_can_hold_is_not_shown():
    field = Field("ko", "Korean", FieldKind.TEXT, value="말" * (LONGEST_FIELD + 1))

    assert is_too_long(Form("note", "k", "t", "s", (field,)))
