"""A service that speaks OpenAI's chat completions, and fails in each way that one may."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

KEY, MODEL = "key-1", "small-model"
KOREAN = "이 논문은 추론을 다룬다.\n\n결과가 좋다."

Json = dict[str, Any]


def completion(text: object) -> Json:
    """An answer with that text."""
    message = {"role": "assistant", "content": text}
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message}]}


def _plain(body: str, status: int = 200, **headers: str) -> Callable[[], web.Response]:
    names = {"Content-Type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return lambda: web.Response(text=body, status=status, headers=names)


FAULTS: dict[str, Callable[[], web.Response]] = {
    "page": _plain("<!doctype html><title>Welcome</title>", Content_Type="text/html"),
    "busy": _plain('{"error": {"message": "slow down"}}', 429, Retry_After="20"),
    "half": _plain(json.dumps(completion(KOREAN))[:60]),
    "large": _plain(json.dumps(completion("글" * 2**19))),
    "deep": _plain("[" * 100_000),
    "redirect": _plain("", 307, Location="https://example.org/v1/chat/completions"),
    "broken": _plain("oh no", 500),
    "compressed": _plain("zzz", Content_Encoding="br"),
    "other": _plain('{"object": "list", "data": []}'),
    "no text": _plain(json.dumps(completion(None))),
    "blank": _plain(json.dumps(completion(" \n\u200b"))),
}
"""Answers without a text, by name; `silence` and `cut off` are two more faults."""


class FakeCompletions:
    """Use as `async with`. `text` is what it drafts, `fault` what it does instead."""

    def __init__(self) -> None:
        self.text = KOREAN
        self.fault = ""
        self.free = asyncio.Event()
        """Answers wait for it while it is clear."""
        self.free.set()
        self.asked: list[Json] = []
        """The body of each request for a text."""
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.free.set()
        await self._runner.cleanup()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if self.fault == "silence":
            await asyncio.Event().wait()
        if self.fault == "cut off":
            response = web.StreamResponse(headers={"Content-Length": "500"})
            await response.prepare(request)
            await response.write(b'{"choices": [')
            assert request.transport is not None
            request.transport.close()
            return response
        await self.free.wait()
        if self.fault:
            return FAULTS[self.fault]()
        if body["model"] != MODEL:
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        return web.json_response(completion(self.text))

    async def _models(self, request: web.Request) -> web.StreamResponse:
        refusal = self._refusal(request)
        return refusal or web.json_response({"object": "list", "data": [{"id": MODEL}]})

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {KEY}":
            return None
        return web.json_response({"error": {"message": "invalid key"}}, status=401)
