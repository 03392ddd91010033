"""`doctor` says whether texts can be drafted, and sends none."""

import pytest

from bot.app.work.drafting import check_drafting, drafting
from bot.core.domain.i18n import ENGLISH
from bot.settings import Settings
from tests.fakes.completions import KEY, MODEL, FakeCompletions

AWAY = "http://127.0.0.1:9/v1"


def settings(**values: str) -> Settings:
    return Settings(**values)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "KEY", "MODEL"):
        monkeypatch.delenv(f"DRAFT_{name}", raising=False)


async def test_the_doctor_says_whether_texts_are_drafted() -> None:
    async with FakeCompletions() as service:
        found = {
            name: await check_drafting(
                settings(DRAFT_URL=url, DRAFT_KEY=key, DRAFT_MODEL=model), ENGLISH
            )
            for name, url, key, model in (
                ("on", service.url, KEY, MODEL),
                ("whole", f"{service.url}/chat/completions", KEY, MODEL),
                ("unlisted", f"{service.url}/wrong", KEY, MODEL),
                ("key", service.url, "wrong", MODEL),
                ("model", service.url, KEY, "wrong"),
                ("away", AWAY, KEY, MODEL),
            )
        }
        off = await check_drafting(settings(), ENGLISH)
        asked = service.asked

    assert off.ok
    assert off.words.startswith("off")
    assert drafting(settings()) is None
    assert found["on"].words == f"on, and it answers: {MODEL}, at most 100 a day"
    assert {name: finding.ok for name, finding in found.items()} == {
        "on": True,
        "whole": True,
        "unlisted": True,
        "key": False,
        "model": False,
        "away": False,
    }
    assert "does not list its models" in found["unlisted"].words
    assert "DRAFT_KEY" in found["key"].words
    assert "DRAFT_MODEL" in found["model"].words
    assert asked == []
