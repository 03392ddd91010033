"""`paperbot demo` in the folder of a bot that is set up: nothing of that bot is touched."""

from pathlib import Path

import pytest

from bot.app.main import demo_settings
from bot.settings import Settings, read_settings

SET = {
    "PAPERBOT_TIMEZONE": "Asia/Seoul",
    "PAPERBOT_LOG_LEVEL": "debug",
    "PAPERBOT_WEB_NAMES": "demo.example.org",
    "PAPERBOT_WEB_URL": "https://papers.example.org",
    "PAPERBOT_SMTP_URL": "smtp://user:secret@mail.example.org",
    "PAPERBOT_MAIL_FROM": "bot@example.org",
    "PAPERBOT_CURATORS": "slack:T0123/U0123",
    "PAPERBOT_REVIEW": "on",
    "PAPERBOT_DATABASE": "sqlite:///paperbot.db",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "DISCORD_TOKEN": "MTIz.abc.def",
    "DRAFT_URL": "https://models.example.org/v1",
    "DRAFT_KEY": "secret",
    "DRAFT_MODEL": "small",
    "ARXIV_CONTACT": "ada@example.org",
}


def test_a_demo_keeps_its_clock_its_log_and_its_names_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    for name, value in SET.items():
        monkeypatch.setenv(name, value)

    settings = demo_settings(read_settings(None), host="127.0.0.1", port=8001)

    defaults = Settings.model_construct()
    changed = {name for name, value in settings if value != getattr(defaults, name)}
    assert changed == {"timezone", "log_level", "web_names", "web_port", "arxiv_poll"}
    assert not settings.arxiv_poll
    assert settings.timezone.key == "Asia/Seoul"
