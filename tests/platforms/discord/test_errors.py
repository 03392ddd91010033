"""Every error of Discord raises the right exception and says what to do."""

import aiohttp
import pytest

from bot.core.domain.extent import Extent
from bot.core.ports import ChatError, ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.core.ports.error_table import ErrorKind
from bot.platforms.discord.errors import MEANINGS, chat_error
from tests.fakes.discord import Fault
from tests.platforms.discord.stage import PAPERS, Stage, key, said

POSTS = r"^/channels/\d+/messages$"
RAISED = {
    ErrorKind.REFUSED: ChatRefusedError,
    ErrorKind.HELD: ChatUnavailableError,
    ErrorKind.RETRY: ChatUnavailableError,
    ErrorKind.UNCERTAIN: ChatUncertainError,
}
SPECIAL = {10008, 50008, 50083}
"""Codes that `Posting` deals with itself: a deleted message, a forum, an archived thread."""


async def answered(stage: Stage, status: int, code: int = 0, body: str | None = None) -> ChatError:
    """What posting raises when Discord answers so, however often it is asked."""
    stage.discord.fail(Fault("POST", POSTS, status=status, code=code, body=body, times=9))
    with pytest.raises(ChatError) as raised:
        await stage.posting.post(PAPERS, said("hello"), key())
    stage.discord.faults.clear()
    return raised.value


async def test_every_code_raises_what_the_table_says(stage: Stage):
    stage.hooks.refusals_most = 10_000
    for code, meaning in sorted(MEANINGS.items()):
        if code in SPECIAL:
            continue
        error = await answered(stage, 403 if meaning.kind is ErrorKind.REFUSED else 400, code)

        assert type(error) is RAISED[meaning.kind], code
        assert meaning.words in str(error)
        assert str(code) in str(error)
        if isinstance(error, ChatRefusedError):
            assert error.extent is meaning.extent
        if isinstance(error, ChatUnavailableError):
            assert error.retry_after == meaning.pause
            assert error.whole_workspace == meaning.whole_workspace


@pytest.mark.parametrize(
    ("code", "extent"),
    [
        (10008, Extent.GONE),  # no such message
        (10003, Extent.GONE),  # no such thread
        (160005, Extent.GONE),  # locked
        (160006, Extent.THREAD),  # too many threads
        (50013, Extent.THREAD),  # no permission
        (50001, Extent.CHANNEL),  # no access
        (200000, Extent.MESSAGE),  # AutoMod
        (50035, Extent.MESSAGE),  # not understood
    ],
)
def test_refusals_have_the_smallest_extent(code: int, extent: Extent):
    assert MEANINGS[code].extent is extent


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 99999, ChatRefusedError),
        (403, 99999, ChatRefusedError),
        (404, 99999, ChatRefusedError),
        (401, 0, ChatUnavailableError),
        (403, 0, ChatUnavailableError),
        (409, 0, ChatUncertainError),
        (503, 0, ChatUncertainError),
    ],
)
async def test_an_unknown_code_is_sorted_by_its_status(
    stage: Stage, status: int, code: int, expected: type[ChatError]
):
    assert type(await answered(stage, status, code)) is expected


async def test_an_unknown_400_concerns_one_message(stage: Stage):
    error = await answered(stage, 400, 99999)

    assert isinstance(error, ChatRefusedError)
    assert error.extent is Extent.MESSAGE


@pytest.mark.parametrize("status", [413, 414, 415, 422, 431])
async def test_a_proxy_that_refuses_the_size_or_kind_of_a_request_concerns_one_message(
    stage: Stage, status: int
):
    error = await answered(stage, status, body="<html>too large</html>")

    assert isinstance(error, ChatRefusedError)
    assert error.extent is Extent.MESSAGE


async def test_an_html_page_of_a_proxy_holds_the_workspace(stage: Stage):
    error = await answered(stage, 403, body="<html>blocked</html>")

    assert isinstance(error, ChatUnavailableError)
    assert error.whole_workspace


def test_a_broken_connection_is_uncertain_and_a_failed_connect_is_not():
    lost = chat_error(aiohttp.ServerDisconnectedError())
    never_made = chat_error(aiohttp.ConnectionTimeoutError())

    assert isinstance(lost, ChatUncertainError)
    assert isinstance(never_made, ChatUnavailableError)
