"""What a start does not wait for: modules of what is not set up, or comes after the address."""

import subprocess
import sys

SLOW_TO_IMPORT = (
    "aiosmtplib",
    "apscheduler",
    "bot.app.mail",
    "bot.app.slack.installations",
    "bot.arxiv.services.polling",
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


def test_a_start_does_not_import_what_its_address_does_not_take():
    code = "import sys, bot.app.main, bot.cli\n"
    code += f"print(*sorted(set({SLOW_TO_IMPORT}) & set(sys.modules)))"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.split() == []
