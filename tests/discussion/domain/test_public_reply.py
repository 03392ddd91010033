"""What of a reply may be shown to everybody."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.untrusted.incoming_text import mention_of
from bot.discussion.domain.public_reply import PublicReply, fitting, without_names


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@Ada, is it new?", "@… is it new?"),
        (f"{mention_of('Ada  King Lee')} and {mention_of('김 보람')}님", "@… and @…"),
        ("고마워요@보람", "고마워요@…"),
        ("@paperbot refs @here", "@paperbot refs @…"),
        ("ada@example.org https://example.org/@ada", "ada@example.org https://example.org/@ada"),
        ("3 @ 5 @", "3 @ 5 @"),
    ],
)
def test_mentions_have_no_names(text: str, shown: str):
    assert without_names(text) == shown


@given(
    name=st.text(st.characters(exclude_characters="@")), after=st.sampled_from(["", " b", "\nb"])
)
def test_no_part_of_a_mentioned_name_is_shown(name: str, after: str):
    text = without_names(f"a {mention_of(name)}{after}")

    assert text == f"a @{'…' if name.split() and not name.startswith('paperbot') else name}{after}"


@given(st.lists(st.text(max_size=90_000), min_size=1, max_size=4))
def test_a_page_has_room_for_the_newest_replies_and_counts_the_others(texts: list[str]):
    said = [PublicReply(1, "Slack", text, datetime(2025, 2, 4, tzinfo=UTC)) for text in texts]

    talk = fitting(said)

    assert talk.replies == tuple(said[talk.left_out :])
    assert len(talk.replies) == 1 or sum(len(each.text.encode()) for each in talk.replies) < 60_000
