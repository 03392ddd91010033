"""What the log says of a digest, once each of its messages is posted or was refused."""

import logging
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.domain.extent import Extent
from bot.core.ports import ChatRefusedError, ChatUnavailableError
from bot.outbox.services.digest_log import DigestLog, digest_line
from bot.outbox.store.digest_tally import DigestTally
from tests.outbox_stage import draft, drain, plan, plan_thread
from tests.stage import staged

SEE = "see “paperbot deliveries --failing”"
AT = datetime(2026, 2, 3, tzinfo=UTC)


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


async def test_a_digest_has_one_line_once_nothing_of_it_waits(stage, caplog):
    caplog.set_level(logging.INFO, "bot.outbox.services.digest_log")
    told = DigestLog(stage.db)
    await plan(stage, draft("no digest"))
    await plan_thread(stage)
    stage.chat.errors = [None, None, ChatUnavailableError("away"), None]

    await drain(stage, stage.deliverer(observe=told.observe))
    await told.write()
    lines_before = list(caplog.messages)
    stage.clock.turn(seconds=90)
    stage.chat.errors = [ChatRefusedError("msg_too_long", Extent.MESSAGE)]
    await drain(stage, stage.deliverer(observe=told.observe))
    await told.write()
    await told.write()

    assert lines_before == []
    told_lines = [each.getMessage() for each in caplog.records if "digest_log" in each.name]
    assert told_lines == [
        f"posted 2026-02-03 to slack:T1/C1: 0 papers in 90.0 s; 1 of 4 messages failed: {SEE}"
    ]


@pytest.mark.parametrize(
    ("papers", "messages", "failed", "added", "line"),
    [
        (5, 6, 0, 0, "posted 2025-02-04 to slack:T/C: 5 papers in 6.1 s"),
        (1, 1, 0, 0, "posted 2025-02-04 to slack:T/C: 1 paper in 6.1 s"),
        (5, 7, 0, 1, "added to 2025-02-04 in slack:T/C: 1 message"),
        (
            5,
            6,
            6,
            0,
            f"nothing of 2025-02-04 is posted to slack:T/C; 6 of 6 messages failed: {SEE}",
        ),
    ],
)
def test_the_line_says_how_much_was_posted_and_what_failed(papers, messages, failed, added, line):
    sent_at = AT + timedelta(seconds=6.1)
    tally = DigestTally("slack:T/C", date(2025, 2, 4), papers, messages, failed, added, AT, sent_at)

    assert digest_line(tally) == line
