"""What a start does not wait for: modules of what is not set up, or comes after the address."""

import json
import subprocess
import sys
from pathlib import Path

SLOW_TO_IMPORT = (
    "aiosmtplib",
    "apscheduler",
    "bot.app.mail",
    "bot.app.slack.installations",
    "bot.app.work.work",
    "bot.arxiv.services.polling",
    "bot.commands.services.inbox",
    "bot.desk.services.note_form",
    "bot.outbox.services.deliver",
    "bot.vault.services.vault",
    "discord",
    "feedparser",
    "jinja2",
    "prometheus_client",
    "psycopg",
    "pylatexenc",
    "rapidfuzz",
    "slack_bolt",
    "slack_sdk",
    "watchfiles",
    "yaml",
)

_DEMO = """
import asyncio, os, signal, sys, threading, urllib.request
import bot.cli
from bot.app.main import demo_settings, run_demo
from bot.settings import read_settings

{announce}

settings = demo_settings(read_settings(), host="127.0.0.1", port=0)
asyncio.run(run_demo(settings, (), announce, print))
"""

_IMPORTED = f"""
def announce(address):
    print(*sorted({set(SLOW_TO_IMPORT)} & set(sys.modules)), flush=True)
    os._exit(0)
"""

_ASKED_AT_ONCE = """
def announce(address):
    server = address.partition("/?")[0]
    def ask():
        try:
            for path in ("/metrics", "/healthz"):
                print(urllib.request.urlopen(server + path).read().decode())
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
    threading.Thread(target=ask).start()
"""


def test_a_demo_has_not_imported_what_its_address_does_not_take(tmp_path: Path):
    assert said(_IMPORTED, tmp_path).split() == []


def test_who_asks_a_bot_how_it_is_as_soon_as_it_answers_is_told_of_everything(tmp_path: Path):
    metrics, health = said(_ASKED_AT_ONCE, tmp_path).rstrip().rsplit("\n", 1)

    assert 'paperbot_pump_failures_total{pump="deliver"} 0.0' in metrics
    assert json.loads(health)["pumps"]["deliver"]["ok"]


def said(announce: str, folder: Path) -> str:
    """What a demo prints that calls this `announce` with its address."""
    script = _DEMO.format(announce=announce)
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return ran.stdout
