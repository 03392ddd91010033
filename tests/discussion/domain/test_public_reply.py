"""What of a reply may be shown to everybody."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.domain.untrusted.incoming_text import mention_of
from bot.discussion.domain.public_reply import PublicReply, fitting, without_names
from bot.platforms.slack.inbound import mrkdwn


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@Ada, is it new?", "@… is it new?"),
        (f"{mention_of('Ada  King Lee')} and {mention_of('김 보람')}님", "@… and @…"),
        ("고마워요@보람", "고마워요@…"),
        ("@paperbot refs @here", "@paperbot refs @…"),
        ("ada@example.org https://example.org/@ada", "ada@example.org https://example.org/@ada"),
        ("3 @ 5 @", "3 @ 5 @"),
        ("+@Jane\u00a0Doe", "+@…"),
        (".@Jane -@Jane via@Jane", ".@… -@… via@…"),
        ("@Jane\u00a0Doe/@Bob\u00a0Kim thoughts?", "@…@… thoughts?"),
        ("@Jane\u00a0Doe@Bob\u00a0Kim @jane.doe@bob.kim", "@…@… @…@…"),
        ("@jane@example.org", "@…@…"),
        ("via@Jane.Doe via@jane.doe\u00a0(MIT)", "via@… via@…"),
        ("via\u2060@jane.doe https://example.org/\u2060@ada", "via@… https://example.org/@…"),
        ("ada@example.org@Jane, ada@example.org/@Jane", "ada@example.org@… ada@example.org/@…"),
        (
            "ada.k+x@mail.example.co.kr에 ADA@EXAMPLE.org",
            "ada.k+x@mail.example.co.kr에 ADA@EXAMPLE.org",
        ),
        ("@paperbot\u00a0Kim @paperbot. @paperbot-fan", "@… @paperbot. @…"),
    ],
)
def test_mentions_have_no_names(text: str, shown: str):
    assert without_names(text) == shown


@given(
    name=st.text(st.characters(exclude_characters="@")), after=st.sampled_from(["", " b", "\nb"])
)
@example(name="paperbot Kim", after="")
def test_no_part_of_a_mentioned_name_is_shown(name: str, after: str):
    text = without_names(f"a {mention_of(name)}{after}")

    is_bot = re.match("(paperbot|paper-digest-bot)($|[^\\w .-])", " ".join(name.split()))
    assert is_bot or text == f"a @{'…' if name.split() else ''}{after}"


_NAMES = ("Jane Doe", "jane.doe", "김 보람", "Bo@example.org", "paperbot Kim", "J. D.")
_BESIDE = st.text("aB1.+-/_%&;:,@ 가(", max_size=4)


@given(
    before=_BESIDE | st.just("https://example.org/"),
    names=st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3),
    between=_BESIDE,
)
def test_no_person_who_is_mentioned_beside_other_words_is_named(
    before: str, names: list[str], between: str
):
    called = {f"<@U{number}>": name for number, name in enumerate(names)}
    source = before + between.join(called)

    heard = mrkdwn.plain(source, lambda id_: called[f"<@{id_}>"])

    shown = without_names(heard)
    for part in re.findall(r"\w{2,}", " ".join(names)):
        assert part in "https://example.org/" or part not in shown


@given(st.lists(st.text(max_size=90_000), min_size=1, max_size=4))
def test_a_page_has_room_for_the_newest_replies_and_counts_the_others(texts: list[str]):
    said = [PublicReply(1, "Slack", text, datetime(2025, 2, 4, tzinfo=UTC)) for text in texts]

    talk = fitting(said)

    assert talk.replies == tuple(said[talk.left_out :])
    assert len(talk.replies) == 1 or sum(len(each.text.encode()) for each in talk.replies) < 60_000
