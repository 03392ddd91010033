"""Request bodies against Discord's published OpenAPI document, where it lies beside the project.

It is third-party data and never copied into the project: without it nothing is validated here,
and only our own limits hold.
"""

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_URI = "urn:discord"
_PLACE = Path(__file__).resolve().parents[4] / "shared" / "specs" / "discord-openapi.json"

_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
_TEMPLATES = {
    ("POST", "callback"): "/interactions/{interaction_id}/{interaction_token}/callback",
    ("PATCH", "original"): _ORIGINAL,
    ("POST", "followup"): "/webhooks/{webhook_id}/{webhook_token}",
    ("PUT", "commands"): "/applications/{application_id}/commands",
    ("PUT", "guild commands"): "/applications/{application_id}/guilds/{guild_id}/commands",
    ("POST", "messages"): "/channels/{channel_id}/messages",
    ("PATCH", "message"): _MESSAGE,
    ("POST", "message threads"): f"{_MESSAGE}/threads",
    ("POST", "threads"): "/channels/{channel_id}/threads",
    ("PATCH", "channel"): "/channels/{channel_id}",
    ("POST", "direct channels"): "/users/@me/channels",
}


def is_present(place: Path = _PLACE) -> bool:
    return place.is_file()


@functools.cache
def _document() -> tuple[dict[str, Any], Registry[Any]]:
    document = json.loads(_PLACE.read_bytes())
    resource = DRAFT202012.create_resource(document)
    return document, Registry().with_resource(_URI, resource)


@functools.cache
def _validator(method: str, route: str) -> Draft202012Validator | None:
    template = _TEMPLATES.get((method, route))
    if template is None:
        return None
    document, registry = _document()
    found = document["paths"][template][method.lower()]["requestBody"]
    assert "schema" in found["content"]["application/json"]
    pointer = template.replace("~", "~0").replace("/", "~1")
    path = f"/paths/{pointer}/{method.lower()}/requestBody/content/application~1json/schema"
    return Draft202012Validator({"$ref": f"{_URI}#{path}"}, registry=registry)


def complaints(method: str, route: str, body: Any) -> list[str]:
    """What the document holds against a body; nothing where it is absent or silent."""
    if not is_present():
        return []
    validator = _validator(method, route)
    if validator is None:
        return []
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(body)]
