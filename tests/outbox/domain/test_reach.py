"""Which channels a process posts to."""

from bot.core.ports import Platform
from bot.outbox.domain.reach import Reach, whole

ONE = Reach(frozenset({Platform.DISCORD}), frozenset({(Platform.SLACK, "T1")}))


def test_a_workspace_is_none_whose_name_it_begins():
    assert ONE.covers(Platform.SLACK, "T1")
    assert not ONE.covers(Platform.SLACK, "T12")
    assert not ONE.covers(Platform.WEB, "")
    assert ONE.covers(Platform.DISCORD, "")


def test_spans_hold_exactly_the_channels_that_are_covered():
    channels = ["slack:C1", "slack:T1/C1", "slack:T1/D9", "slack:T12/C1", "slack:T2/C1"]

    def within(reach: Reach) -> list[str]:
        spans = reach.spans(Platform.SLACK)
        return [each for each in channels if any(a <= each < b for a, b in spans)]

    assert within(ONE) == ["slack:T1/C1", "slack:T1/D9"]
    assert within(whole([Platform.SLACK])) == channels
    assert within(whole([Platform.WEB])) == []
