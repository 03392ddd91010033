"""What an assistant gets from a tool, whichever way it asks."""

import json
from typing import Any


async def call(client: Any, tool: str, **arguments: object) -> dict[str, Any]:
    """The answer of a tool, which must be no error; `client` is one of the SDK."""
    result = await client.call_tool(tool, arguments)
    (content,) = result.content
    assert not result.is_error, content.text
    found: dict[str, Any] = json.loads(content.text)
    return found
