"""What is asked again every day cannot be a chain between two papers."""

from datetime import date

import pytest

from bot.archive.domain.typed_dates import Days
from bot.core.domain.errors import QueryError
from bot.feeds.domain.queries import has_feed
from bot.follow.domain.follow import normal_form
from bot.lookup.domain.entry_filter import parse_only

TODAY = Days(date(2025, 2, 4))


@pytest.mark.parametrize("read", [normal_form, parse_only])
def test_a_chain_is_no_follow_and_no_filter(read):
    with pytest.raises(QueryError, match="path:"):
        read("path:1706.03762..2502.01456 #rl", TODAY)


def test_a_chain_has_no_feed():
    assert not has_feed("path:1706.03762..2502.01456")
