"""The manifest says what the code does, and the file says what the manifest says."""

import ast
import json
import re
from pathlib import Path

from bot.core.domain import commands
from bot.platforms.slack.manifest import EVENTS, METHODS, SCOPES, as_yaml, manifest

SDK_CALL = re.compile(r"(?:auth|apps|bots|chat|conversations|files|reactions|team|users|views)_\w+")


def called_methods(package: Path) -> set[str]:
    """Every method of the SDK's client that the package names, as Slack calls it."""
    found = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Attribute)
                and SDK_CALL.fullmatch(node.attr)
                and ast.unparse(node.value).endswith("client")
            ):
                found.add(node.attr.replace("_", "."))
    return found


def test_the_manifest_file_is_up_to_date(root):
    path = root / "deploy" / "slack-manifest.yaml"

    assert path.read_text() == as_yaml(manifest()), (
        "python -m bot.platforms.slack.manifest > deploy/slack-manifest.yaml"
    )


def test_the_scopes_are_those_of_the_methods_that_are_called(root):
    assert called_methods(root / "bot" / "platforms" / "slack") == set(METHODS)


def test_each_method_has_the_scopes_of_the_specification(shared):
    for method, scopes in METHODS.items():
        path = shared / "specs" / "slack-methods" / f"{method}.json"
        if not path.exists():
            continue  # not every method's page is there
        asked = {scope["name"] for scope in json.loads(path.read_text())["scopes"].get("bot", [])}

        assert set(scopes) <= asked, method
        assert bool(scopes) == bool(asked), method


def test_every_command_of_the_table_is_a_slash_command():
    features = manifest()["features"]

    assert isinstance(features, dict)
    assert [command["command"] for command in features["slash_commands"]] == [
        f"/{spec.name}" for spec in commands.COMMANDS
    ]


def test_every_event_has_the_scope_that_it_needs():
    assert {scope for scopes in EVENTS.values() for scope in scopes} <= set(SCOPES)


def test_the_http_manifest_sends_everything_to_the_url():
    url = "https://bot.example.org/slack/events"

    text = as_yaml(manifest(url))

    assert text.count(url) == 2 + len(commands.COMMANDS)
    assert "socket_mode_enabled: false" in text


def test_organisations_can_install_an_app_in_http_mode_only():
    by_http = as_yaml(manifest("https://bot.example.org/slack/events"))
    by_socket = as_yaml(manifest())

    for words in ("org_deploy_enabled: true", "team_access_granted", "team_access_revoked"):
        assert words in by_http
        assert words not in by_socket


def test_yaml_is_written_as_expected():
    text = as_yaml({"a": {"b": [{"c": "d: e", "f": True}, "g"]}, "h": "#i"})

    assert text == 'a:\n  b:\n    - c: "d: e"\n      f: true\n    - "g"\nh: "#i"\n'


def test_the_message_shortcut_is_within_slacks_limits():
    features = manifest()["features"]

    assert isinstance(features, dict)
    (shortcut,) = features["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", "note")
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["description"]) <= 150
