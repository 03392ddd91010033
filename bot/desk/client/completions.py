"""One request to `/chat/completions`, bounded in time and size; its answer is untrusted.

A connection is made for each request: they are rare, since each is a person's press of a button.
The format is OpenAI's (https://platform.openai.com/docs/api-reference/chat), which vLLM, Ollama,
llama.cpp and others speak too; only what all of them know is sent.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from yarl import URL

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UserError
from bot.core.domain.i18n import translatable

log = logging.getLogger(__name__)

LARGEST: Final = 256 * 1024
"""Bytes of an answer; a text that fills a field has a tenth of it, in any spelling of JSON."""
_CONNECT: Final = timedelta(seconds=10)
_PATH: Final = "/chat/completions"
_SHOWN: Final = 100
_NO_KEY: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_NOT_THERE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})


class DraftingError(UserError):
    """The service did not draft anything: one line for the person who asked."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where texts are drafted: `url` is the API's, such as `https://api.openai.com/v1`.

    An empty `key` is not sent. `patience` is how long an answer may take in all.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    patience: timedelta = timedelta(seconds=30)

    @property
    def base(self) -> str:
        """The address without a slash at its end, also where the whole one was given."""
        return self.url.rstrip("/").removesuffix(_PATH).rstrip("/")


class CompletionsClient:
    """`bot.desk.services.context.TextModel` over HTTP; raises `DraftingError` only."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def name(self) -> str:
        """The model's name, as it is set."""
        return self._endpoint.model[:_SHOWN]

    async def write(self, instruction: str, material: str) -> str:
        """The text of the answer, as it is."""
        body = {
            "model": self._endpoint.model,
            "messages": [
                {"role": "system", "content": instruction},
                {"role": "user", "content": material},
            ],
            "stream": False,
        }
        return _text(_parsed(await self._ask("POST", _PATH, body)))

    async def list_models(self) -> tuple[str, ...] | None:
        """The models that the service has; `None` where it does not list them. Sends no text."""
        try:
            listed = _parsed(await self._ask("GET", "/models"))
        except _NotThereError:
            return None
        found = listed.get("data")
        models = found if isinstance(found, list) else ()
        return tuple(str(each["id"]) for each in models if isinstance(each, dict) and "id" in each)

    async def _ask(self, method: str, path: str, body: object = None) -> bytes:
        """The body of a response with status 200; nothing is repeated, no redirect is followed."""
        patience = self._endpoint.patience.total_seconds()
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._endpoint.key:
            headers["Authorization"] = f"Bearer {self._endpoint.key}"
        limits = aiohttp.ClientTimeout(total=patience, connect=_CONNECT.total_seconds())
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=limits,
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                ) as session,
                session.request(
                    method,
                    URL(f"{self._endpoint.base}{path}"),
                    json=body,
                    headers=headers,
                    allow_redirects=False,
                ) as response,
            ):
                _check(response)
                return await _read(response)
        except TimeoutError as error:
            raise DraftingError(
                translatable("The drafting service did not answer within {n} s. Try again later."),
                n=f"{patience:g}",
            ) from error
        except aiohttp.ClientPayloadError as error:
            raise _unreadable() from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("the drafting service cannot be reached: %s", error)
            raise DraftingError(
                translatable(
                    "The drafting service cannot be reached: the operator checks DRAFT_URL. Try again "
                    "later."
                )
            ) from error


class _NotThereError(DraftingError):
    """There is nothing at this address."""


def _check(response: aiohttp.ClientResponse) -> None:
    """Raise what a person can do about a response without a text."""
    status = response.status
    if status == HTTPStatus.OK:
        return
    if 300 <= status < 400:
        raise DraftingError(
            translatable(
                "The drafting service is at another address: the operator corrects DRAFT_URL."
            )
        )
    if status in _NO_KEY:
        raise DraftingError(
            translatable("The drafting service refuses the key: the operator checks DRAFT_KEY.")
        )
    if status in _NOT_THERE:
        raise _NotThereError(
            translatable(
                "The drafting service knows no such address or model: the operator checks DRAFT_URL "
                "and DRAFT_MODEL."
            )
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise DraftingError(
            translatable("The drafting service has too much to do right now. Try again later.")
        )
    raise DraftingError(
        translatable("The drafting service failed with HTTP {status}. Try again later."),
        status=status,
    )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _unreadable()
    body = bytearray()
    async for piece in response.content.iter_chunked(2**14):
        body += piece
        if len(body) > LARGEST:
            raise DraftingError(
                translatable("The answer of the drafting service is too large, so it is left out.")
            )
    return bytes(body)


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable() from error
    if not isinstance(found, dict):
        raise _unreadable()
    return found


def _text(answer: Mapping[str, Any]) -> str:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(text, str):
        raise _unreadable()
    return text


def _unreadable() -> DraftingError:
    return DraftingError(
        translatable(
            "The answer of the drafting service could not be read: the operator checks DRAFT_URL."
        )
    )
