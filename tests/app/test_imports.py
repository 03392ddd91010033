"""What a start does not wait for: modules of what is not set up, or comes after the address."""

import subprocess
import sys
from pathlib import Path

SLOW_TO_IMPORT = (
    "aiosmtplib",
    "apscheduler",
    "bot.app.mail",
    "bot.app.slack.installations",
    "bot.app.work",
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


_DEMO = f"""
import asyncio, os, sys
import bot.cli
from bot.app.main import demo_settings, run_demo
from bot.settings import read_settings

def announce(address):
    print(*sorted({set(SLOW_TO_IMPORT)} & set(sys.modules)), flush=True)
    os._exit(0)

settings = demo_settings(read_settings(), host="127.0.0.1", port=0)
asyncio.run(run_demo(settings, (), announce, print))
"""


def test_a_demo_has_not_imported_what_its_address_does_not_take(tmp_path: Path):
    ran = subprocess.run(
        [sys.executable, "-c", _DEMO], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert ran.stdout.split() == []
