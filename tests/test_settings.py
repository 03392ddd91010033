"""The environment and `.env` are read as settings, or every problem is reported at once."""

import contextlib
import itertools
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.core.database.address import PostgresAddress
from bot.core.domain.errors import SettingsError, UsageError
from bot.settings import (
    LogLevel,
    Settings,
    check_database_folder,
    near_misses,
    read_settings,
    setting_names,
)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def _read(text: str, folder: Path) -> Settings:
    file = folder / ".env"
    file.write_text(text, encoding="utf-8")
    return read_settings(file)


def test_by_default_the_bot_serves_this_machine_only():
    settings = read_settings()

    assert settings.database == Path("data/paperbot.db")
    assert (settings.web_host, settings.web_port) == ("127.0.0.1", 8000)
    assert not settings.slack_is_on
    assert not settings.discord_is_on


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PAPERBOT_WEB_PORT", "9001")

    settings = _read("PAPERBOT_WEB_PORT=9000\nPAPERBOT_LOG_LEVEL=WARNING\n", tmp_path)

    assert settings.web_port == 9001
    assert settings.log_level is LogLevel.WARNING


def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PAPERBOT_VAULT", "")

    settings = _read("SLACK_BOT_TOKEN=\nPAPERBOT_TIMEZONE=\n", tmp_path)

    assert settings.vault is None
    assert not settings.slack_is_on
    assert settings.timezone == ZoneInfo("UTC")


def test_a_file_in_another_encoding_is_named(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("PAPERBOT_WEB_PORT=9000\n", encoding="utf-16")

    with pytest.raises(UsageError) as raised:
        read_settings(file)

    assert str(raised.value) == f"The settings in {file} are not in UTF-8: save the file as UTF-8"


def test_lists_are_separated_by_commas(tmp_path: Path):
    settings = _read("ARXIV_CATEGORIES=cs.LG, stat.ML\nDISCORD_GUILDS=12,34\n", tmp_path)

    assert settings.arxiv_categories == ("cs.LG", "stat.ML")
    assert settings.discord_guilds == (12, 34)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("q-bio.NC q-fin.ST", ("q-bio.NC", "q-fin.ST")),
        ("cond-mat.soft,physics.optics", ("cond-mat.soft", "physics.optics")),
        ("CS.LG, cs.lg,stat.ml", ("cs.LG", "stat.ML")),
        ("cs,hep-th", ("cs", "hep-th")),
    ],
)
def test_categories_are_read_in_any_case(written: str, meant: tuple[str, ...], tmp_path: Path):
    assert _read(f"ARXIV_CATEGORIES={written}\n", tmp_path).arxiv_categories == meant


def test_every_wrong_category_is_reported_with_every_other_problem(tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        _read("ARXIV_CATEGORIES=cs.LB,cs.LG,nope\nPAPERBOT_WEB_PORT=x\n", tmp_path)

    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert sum("“cs.LB”" in line for line in lines) == 1
    assert sum("“nope”" in line for line in lines) == 1


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfPAPERBOT_WEB_PORT=9000\r\nPAPERBOT_TIMEZONE=Asia/Seoul\r\n")

    settings = read_settings(file)

    assert (settings.web_port, settings.timezone) == (9000, ZoneInfo("Asia/Seoul"))


@pytest.mark.parametrize("platform", ["slack", "discord"])
def test_signing_in_needs_an_address_an_app_and_the_platform(platform: str, tmp_path: Path):
    name = platform.upper()
    needed = {
        "PAPERBOT_WEB_URL": "https://papers.example.org/",
        f"{name}_CLIENT_ID": "1",
        f"{name}_CLIENT_SECRET": "made-up",
    }
    platform_itself = {
        "slack": {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"},
        "discord": {"DISCORD_TOKEN": "t"},
    }[platform]
    chosen = f"PAPERBOT_WEB_SIGN_IN={platform}\n"

    def lines(settings: dict[str, str]) -> str:
        return "".join(f"{each}={value}\n" for each, value in settings.items())

    whole = _read(chosen + lines(needed | platform_itself), tmp_path)
    assert whole.web_url == "https://papers.example.org"
    for problem in (needed, platform_itself):
        with pytest.raises(SettingsError) as caught:
            _read(chosen + lines(problem), tmp_path)
        assert f"PAPERBOT_WEB_SIGN_IN={platform} also needs" in str(caught.value)
        assert "made-up" not in str(caught.value)
    for wrong in ("PAPERBOT_WEB_SIGN_IN=github\n", "PAPERBOT_WEB_URL=https://x.org/path\n"):
        with pytest.raises(SettingsError) as caught:
            _read(wrong, tmp_path)
        assert len(str(caught.value).splitlines()) == 1


def test_host_names_are_read_as_browsers_send_them(tmp_path: Path):
    text = "PAPERBOT_WEB_NAMES=Papers.Example.org, lab_1.local:8443 논문.kr papers.example.org.\n"

    names = _read(text, tmp_path).web_names

    assert names == ("papers.example.org", "lab_1.local:8443", "xn--s80bq8p.kr")


def test_what_is_no_host_name_is_named(tmp_path: Path):
    text = "PAPERBOT_WEB_NAMES=https://a.org papers.example.org a/b *.example.org\n"

    with pytest.raises(SettingsError) as caught:
        _read(text, tmp_path)

    assert str(caught.value).splitlines() == [
        f"PAPERBOT_WEB_NAMES: “{name}” is not a host name: write papers.example.org"
        for name in ("https://a.org", "a/b", "*.example.org")
    ]


_PROXY_SETTINGS = {
    "PAPERBOT_WEB_USER_HEADER": "X-Forwarded-User",
    "PAPERBOT_WEB_PROXY_SECRET": "s" * 32,
    "PAPERBOT_WEB_PROXIES": "127.0.0.1",
}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_settings_of_a_proxy_that_signs_people_in_belong_together(count: int, tmp_path: Path):
    for names in itertools.combinations(_PROXY_SETTINGS, count):
        text = "".join(f"{name}={_PROXY_SETTINGS[name]}\n" for name in names)
        if count == 3 or names == ("PAPERBOT_WEB_PROXIES",):
            assert _read(text, tmp_path).web_proxies
            continue
        with pytest.raises(SettingsError) as caught:
            _read(text, tmp_path)
        assert len(str(caught.value).splitlines()) == 1
        missing = str(caught.value).partition("missing: ")[2]
        assert set(missing.split(", ")) == _PROXY_SETTINGS.keys() - set(names)
        assert "ssss" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/bot.db", Path("data/bot.db")),
        ("sqlite:////var/lib/bot.db", Path("/var/lib/bot.db")),
    ],
)
def test_three_slashes_are_a_relative_database_and_four_a_full_path(
    url: str, path: Path, tmp_path: Path
):
    assert _read(f"PAPERBOT_DATABASE={url}\n", tmp_path).database == path


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://bot:s3cr3t@db.example.org/bot", "postgresql://db.example.org/bot"),
        ("postgres://bot:s3cr3t@db:5433/bot?sslmode=require", "postgresql://db:5433/bot"),
        ("postgresql://db/bot?password=s3cr3t", "postgresql://db/bot"),
        ("postgresql://bot:s3cr3t?x#y@db/bot", "postgresql://db/bot"),
        ("postgresql://bot:s3cr3t@[::1]:5432,db2:5433/bot", "postgresql://[::1]:5432,db2:5433/bot"),
        ("postgresql:///bot?host=/run/postgresql", "postgresql:///bot"),
    ],
)
def test_the_database_may_be_on_a_server_and_its_password_is_never_shown(
    address: str, shown: str, tmp_path: Path
):
    settings = _read(f"PAPERBOT_DATABASE='{address}'\n", tmp_path)

    assert settings.database == PostgresAddress.of(address)
    assert str(settings.database) == shown
    assert settings.has_secrets
    check_database_folder(settings.database)
    assert "s3cr3t" not in repr(settings) + str(settings.model_dump())


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://bot:s3cr3t@db", "must name a database"),
        ("postgresql://bot:s3cr3t@db/?sslmode=require", "must name a database"),
        ("postgresql://bot:s3c/s3cr3t@db/bot", "write / as %2F"),
        ("postgresql://bot:12/s3cr3t?x@db/bot", "@ as %40"),
        ("postgresql://bot:s3c@s3cr3t@db/bot", "@ as %40"),
        ("postgresql://bot:s3cr3t x@db/bot", "space as %20"),
        ("postgresql://bot:s3cr3t/bot", "must be a port number"),
        ("postgresql://bot@db:70000/bot", "must be a port number"),
        ("postgresql:bot:s3cr3t@db/bot", "postgresql://user@host/database"),
        ("mysql://bot:s3cr3t@db/bot", "postgresql://user@host/database"),
    ],
)
def test_a_malformed_address_of_a_server_is_reported_without_what_it_holds(
    address: str, words: str, tmp_path: Path
):
    with pytest.raises(SettingsError) as caught:
        _read(f"PAPERBOT_DATABASE='{address}'\n", tmp_path)

    (problem,) = caught.value.problems
    assert str(problem).startswith("PAPERBOT_DATABASE")
    assert words in str(problem)
    assert "s3c" not in str(problem) + str(PostgresAddress.of(address))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("PAPERBOT_DATABASE=postgresql://db", "must name a database"),
        ("PAPERBOT_DATABASE=mysql://db/bot", "postgresql://user@host/database"),
        ("PAPERBOT_DATABASE=data/paperbot.db", "sqlite:///"),
        ("PAPERBOT_DATABASE=sqlite:///:memory:", "must name a file"),
        ("PAPERBOT_DATABASE=sqlite://data/paperbot.db", "must name a file"),
        ("PAPERBOT_WEB_PORT=70000", "not “70000”"),
        ("PAPERBOT_WEB_PORT=web", "not “web”"),
        ("PAPERBOT_TIMEZONE=Asia/Soul", "not “Asia/Soul”"),
        ("PAPERBOT_TIMEZONE=Seoul", "not “Seoul”; did you mean Asia/Seoul?"),
        ("PAPERBOT_TIMEZONE=Asia", "not “Asia”"),
        ("PAPERBOT_TIMEZONE=../etc/passwd", "time zone"),
        ("PAPERBOT_TIMEZONE=GMT+9", "write Asia/Seoul, Etc/GMT-9 for UTC+9"),
        ("PAPERBOT_TIMEZONE=Etc/GMT+9", "write Asia/Seoul, Etc/GMT-9 for UTC+9"),
        ("PAPERBOT_VAULT=/a\0b", "NUL"),
        ("PAPERBOT_VAULT=~nobody-at-all/notes", "“~nobody-at-all/notes” is in the home folder of"),
        ("PAPERBOT_DATABASE=sqlite:///~nobody-at-all/a.db", "unknown user"),
        ("PAPERBOT_VAULT_POLL=sometimes", "must be on or off, not “sometimes”"),
        ("PAPERBOT_VAULT_GIT=perhaps", "must be on or off, not “perhaps”"),
        ("PAPERBOT_VAULT_GIT=on", "PAPERBOT_VAULT_GIT also needs PAPERBOT_VAULT"),
        ("PAPERBOT_LOG_LEVEL=loud", "debug, info, warning, error"),
        ("PAPERBOT_LOG_FORMAT=xml", "text, json"),
        ("DISCORD_GUILDS=12,Lab", "guild ids"),
        ("ARXIV_CATEGORIES=cs.LG,cs.LB", "“cs.LB” is not an arXiv category; did you mean"),
        ("ARXIV_CATEGORIES=cond-mat.softt", "did you mean cond-mat.soft"),
        ("ARXIV_CATEGORIES=zzzzzzzz", "“zzzzzzzz” is not an arXiv category: write cs.LG"),
        ("ARXIV_CONTACT=me", "ARXIV_CONTACT must be one e-mail or web address"),
        ("ARXIV_CONTACT=https://", "ARXIV_CONTACT must be one e-mail or web address"),
        ("ARXIV_CONTACT=the lab, room 3", "ARXIV_CONTACT must be one e-mail or web address"),
        ("ARXIV_CONTACT=https://me:pw@a.org", "ARXIV_CONTACT must be one e-mail or web address"),
        ("ARXIV_CONTACT=https://a.org/)x(", "ARXIV_CONTACT must be one e-mail or web address"),
        (f"ARXIV_CONTACT=https://a.org/{'x' * 200}", "ARXIV_CONTACT must be one e-mail or web"),
        ("ARXIV_POLL=daily", "must be on or off, not “daily”"),
        ("SLACK_API_BASE=slack.com", "https://"),
        ("SLACK_API_BASE=http://[", "https://"),
        ("DISCORD_API_BASE=http://example.org/api", "unencrypted"),
        ("DISCORD_GATEWAY_URL=https://gateway.example.org", "wss://"),
        ("SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN"),
        ("SLACK_APP_TOKEN=xapp-1", "needs SLACK_BOT_TOKEN"),
        ("SLACK_CLIENT_ID=1.2", "must be set together"),
        ("SLACK_SIGNING_SECRET=1", "needs SLACK_BOT_TOKEN"),
        ("DRAFT_URL=http://example.org/v1\nDRAFT_MODEL=m", "unencrypted"),
        ("DRAFT_URL=https://example.org/v1", "DRAFT_URL also needs DRAFT_MODEL"),
        ("DRAFT_KEY=s3cret", "DRAFT_KEY also needs DRAFT_URL"),
        ("DRAFT_BUDGET=0", "DRAFT_BUDGET must be a whole number from 1 to 100000, not “0”"),
        ("DRAFT_TIMEOUT=600", "DRAFT_TIMEOUT must be a whole number from 1 to 120, not “600”"),
    ],
)
def test_a_wrong_value_is_reported_with_the_reason(line: str, words: str, tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        _read(line + "\n", tmp_path)

    (problem,) = caught.value.problems
    assert line.partition("=")[0] in str(problem)
    assert words in str(problem)


def test_all_problems_are_reported_at_once_one_per_line(tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        _read("PAPERBOT_WEB_PORT=x\nPAPERBOT_TIMEZONE=y\nPAPERBOT_LOG_LEVEL=z\n", tmp_path)

    names = [line.split()[0] for line in str(caught.value).splitlines()]
    assert sorted(names) == ["PAPERBOT_LOG_LEVEL", "PAPERBOT_TIMEZONE", "PAPERBOT_WEB_PORT"]


def test_a_misspelt_name_is_reported(tmp_path: Path):
    with pytest.raises(SettingsError, match="did you mean PAPERBOT_DATABASE"):
        _read("PAPERBOT_DATABSE=sqlite:///x.db\n", tmp_path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("PAPERBOT_WEB_PORT: 18123", "write PAPERBOT_WEB_PORT=value"),
        ("PAPERBOT_WEB_PORT : 18123", "write PAPERBOT_WEB_PORT=value"),
        ("PAPERBOT_WEB_PORT:=18123", "did you mean PAPERBOT_WEB_PORT?"),
        ("PAPERBOT_WEB_PORT", "write PAPERBOT_WEB_PORT=value"),
        ("PAPERBOT_WEB_PORT 18123", "write PAPERBOT_WEB_PORT=value"),
        ("PAPERBOT_WEB_PORT → 18123", "write PAPERBOT_WEB_PORT=value"),
        ("set PAPERBOT_WEB_PORT=18123", "write PAPERBOT_WEB_PORT=value"),
        ("SET PAPERBOT_WEB_PORT=18123", "write PAPERBOT_WEB_PORT=value"),
        ("setx PAPERBOT_WEB_PORT 18123", "write PAPERBOT_WEB_PORT=value"),
        ("declare -x PAPERBOT_WEB_PORT=18123", "write PAPERBOT_WEB_PORT=value"),
        ("export PAPERBOT_WEB_PORT", "write PAPERBOT_WEB_PORT=value"),
        ("- PAPERBOT_WEB_PORT=18123", "write PAPERBOT_WEB_PORT=value"),
        ("$env:PAPERBOT_WEB_PORT = 18123", "did you mean PAPERBOT_WEB_PORT?"),
        ("; PAPERBOT_WEB_PORT=18123", "write PAPERBOT_WEB_PORT=value"),
        ("// a comment", "write NAME=value"),
        ("<<<<<<< HEAD", "write NAME=value"),
        ("paperbot_web_port=18123", "did you mean PAPERBOT_WEB_PORT?"),
        ("Paperbot_Web_Port=18123", "did you mean PAPERBOT_WEB_PORT?"),
        ("PAPERBOT-WEB-PORT=18123", "did you mean PAPERBOT_WEB_PORT?"),
        ("paperbot-web-port=18123", "did you mean PAPERBOT_WEB_PORT?"),
        ("PAPERBOT.WEB.PORT=18123", "did you mean PAPERBOT_WEB_PORT?"),
        ('"PAPERBOT_WEB_PORT"=18123', "did you mean PAPERBOT_WEB_PORT?"),
        ("paperbot_web_prot=18123", "did you mean PAPERBOT_WEB_PORT?"),
        ("discord_tokn=s3cret", "did you mean DISCORD_TOKEN?"),
        ("DRAFT_MODLE=s3cret", "did you mean DRAFT_MODEL?"),
        ("DRAFT_XYZZY=s3cret", "DRAFT_XYZZY is not a setting"),
        ("PAPER_BOT_WEB_PORT=18123", "did you mean PAPERBOT_WEB_PORT?"),
        ("SLACKBOT_TOKEN=xoxb-s3cret", "did you mean SLACK_BOT_TOKEN?"),
        ("PAPERBOT_VAULT=“/srv/notes”", "PAPERBOT_VAULT is quoted with"),
        ("ARXIV_CONTACT=‘me@s3cret.org’", "ARXIV_CONTACT is quoted with"),
        ("PAPERBOT_WEB_PORT＝18123", "write PAPERBOT_WEB_PORT=value"),
        ('PAPERBOT_WEB_PORT="18123', "the quotes around the value of PAPERBOT_WEB_PORT"),
        ("PAPERBOT_WEB_PORT='18123", "the quotes around the value of PAPERBOT_WEB_PORT"),
        ('PAPERBOT_WEB_PORT="18123" 8', "the quotes around the value of PAPERBOT_WEB_PORT"),
        ("SLACK_BOT_TOKEN: xoxb-s3cret", "write SLACK_BOT_TOKEN=value"),
        ('SLACK_BOT_TOKEN="xoxb-s3cret', "the quotes around the value of SLACK_BOT_TOKEN"),
        ("xoxb-s3cret", "write NAME=value"),
        ("s3cret=", ""),
    ],
)
def test_an_ignored_line_is_reported_with_its_number(line: str, words: str, tmp_path: Path):
    text = f"# A comment\r\n\r\nCOMPOSE_PROJECT_NAME=digest\n\n{line}\nPAPERBOT_LOG_LEVEL=info\n"
    if not words:  # the name of somebody else's variable
        assert _read(text, tmp_path) == read_settings(None)
        return

    with pytest.raises(SettingsError) as caught:
        _read(text, tmp_path)

    (problem,) = caught.value.problems
    assert problem.where == f"{tmp_path}/.env:5"
    assert words in str(problem)
    assert "s3cret" not in repr(caught.value) + str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "PAPERBOT_WEB_PORT=18123",
        "export PAPERBOT_WEB_PORT=18123",
        "  PAPERBOT_WEB_PORT = 18123  # the port",
        "PAPERBOT_WEB_PORT='18123'",
        'PAPERBOT_WEB_PORT="18123" # the port',
        "'PAPERBOT_WEB_PORT'=18123",
        "\tPAPERBOT_WEB_PORT=18123\r",
    ],
)
def test_every_syntax_that_a_shell_accepts_is_read(line: str, tmp_path: Path):
    assert _read(line + "\n", tmp_path).web_port == 18123


def test_an_unclosed_quote_that_includes_the_next_lines_is_reported(tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        _read('GREETING="hello\nPAPERBOT_WEB_PORT=1\nPAPERBOT_LOG_LEVEL="\n', tmp_path)

    (problem,) = caught.value.problems
    assert problem.where.endswith(".env:1")
    assert "quote" in str(problem)


def test_a_variable_of_another_program_may_have_several_lines(tmp_path: Path):
    text = 'PRIVATE_KEY="-----BEGIN-----\nabc=\n-----END-----"\nPAPERBOT_WEB_PORT=18123\n'

    assert _read(text, tmp_path).web_port == 18123


@pytest.mark.parametrize("name", ["paperbot_web_port", "Paperbot_Web_Port", "paperbot-web-port"])
def test_a_lower_case_name_in_the_environment_is_reported(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, "18123")

    with pytest.raises(SettingsError, match=f"{name} is not a setting; did you mean PAPERBOT_WEB_"):
        read_settings(None)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PAPERBOT_VALT", "PAPERBOT_VAULT"),
        ("PAPERBOT_CURATOR", "PAPERBOT_CURATORS"),
        ("paperbot_webport", "PAPERBOT_WEB_PORT"),
    ],
)
def test_a_misspelt_name_in_the_environment_is_reported(
    name: str, meant: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, "x")

    with pytest.raises(SettingsError, match=f"{name} is not a setting; did you mean {meant}\\?"):
        read_settings(None)


@pytest.mark.parametrize(
    "name",
    [
        *("PAPERBOT_SERVICE_HOST", "PAPERBOT_PORT", "PAPERBOT_PORT_8000_TCP", "PAPERBOT_HOME"),
        *("SLACK_API_TOKEN", "ARXIV_CATEGORY", "DISCORD_TOKENS"),
    ],
)
def test_a_variable_that_may_be_another_programs_is_let_be(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, "x")

    read_settings(None)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SLACK_BOT_TOKN", "SLACK_BOT_TOKEN"),
        ("ARXIV_CATEGORY", "ARXIV_CATEGORIES"),
        ("DRAFT_MODLE", "DRAFT_MODEL"),
        ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
    ],
)
def test_a_name_like_a_platforms_setting_that_is_not_set_is_told(
    name: str, meant: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, "s3cret")

    told = [str(each) for each in near_misses(read_settings(None))]

    assert told == [f"{name} is not a setting; did you mean {meant}?"]


def test_nothing_is_told_of_names_like_settings_that_are_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    for name in ("SLACK_API_TOKEN", "SLACK_WEBHOOK_URL", "DISCORD_BOT_TOKEN", "MY_DRAFT_MODEL"):
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    monkeypatch.setenv("ARXIV_API_URL", "https://export.arxiv.org/api/query")  # like ARXIV_FEED_URL
    tokens = "SLACK_BOT_TOKEN=xoxb-1\nSLACK_APP_TOKEN=xapp-1\n"

    assert near_misses(_read(tokens, tmp_path)) == ()


def test_an_env_file_that_is_a_folder_is_reported(tmp_path: Path):
    (tmp_path / ".env").mkdir()

    with pytest.raises(SettingsError, match=r"\.env: This is not a file"):
        read_settings(tmp_path / ".env")


@pytest.mark.parametrize(
    ("value", "meant"), [("on", True), ("1", True), ("TRUE", True), ("off", False), ("no", False)]
)
def test_the_vault_may_be_polled(value: str, meant: bool, tmp_path: Path):
    assert _read(f"PAPERBOT_VAULT_POLL={value}\n", tmp_path).vault_poll is meant


def test_variables_of_other_programs_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PAPERBOT_SERVICE_HOST", "10.0.0.1")  # Kubernetes makes such names

    settings = _read("COMPOSE_PROJECT_NAME=digest\n", tmp_path)

    assert settings == read_settings(None)


@pytest.mark.parametrize(
    "lines",
    [
        "SLACK_BOT_TOKEN=xapp-s3cret\nSLACK_APP_TOKEN=xoxb-s3cret\n",
        "SLACK_BOT_TOKEN=xoxb-s3cret\nDISCORD_TOKEN=s3cret\n",
        "DRAFT_KEY=s3cret two\n",
    ],
)
def test_a_secret_is_never_in_an_error(lines: str, tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        _read(lines, tmp_path)

    assert "s3cret" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None


def test_a_secret_is_never_in_what_settings_print(tmp_path: Path):
    settings = _read(
        "SLACK_BOT_TOKEN=xoxb-s3cret\nSLACK_SIGNING_SECRET=s3cret\nDISCORD_TOKEN=s3cret\n",
        tmp_path,
    )

    assert "s3cret" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_unencrypted_urls_are_allowed_for_this_machine(tmp_path: Path):
    settings = _read(
        "DISCORD_API_BASE=http://127.0.0.1:9/api\nDISCORD_GATEWAY_URL=ws://localhost:9/gw/\n",
        tmp_path,
    )

    assert settings.discord_gateway_url == "ws://localhost:9/gw/"


def test_a_binary_env_file_is_one_error(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_bytes(b"PAPERBOT_VAULT=\xff\xfe\x00")

    with pytest.raises(UsageError, match=r"\.env"):
        read_settings(file)


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        read_settings().web_port = 1  # type: ignore[misc]


@given(
    st.dictionaries(
        st.sampled_from(setting_names()),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
    )
)
def test_no_value_raises_anything_but_the_documented_error(values: dict[str, str]):
    before = dict(os.environ)  # noqa: TID251 - this test sets the real environment
    try:
        os.environ.update(values)  # noqa: TID251
        with contextlib.suppress(SettingsError):
            read_settings(None)
    finally:
        os.environ.clear()  # noqa: TID251
        os.environ.update(before)  # noqa: TID251


def test_the_example_file_has_every_setting_with_its_default(root: Path):
    example = dotenv_values(root / ".env.example")

    assert tuple(example) == setting_names()
    assert read_settings(root / ".env.example") == read_settings(None)


def test_two_settings_on_a_line_are_reported_without_their_values(tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        _read("PAPERBOT_WEB_PORT=18123 SLACK_BOT_TOKEN=xoxb-s3cret\n", tmp_path)

    first, second = caught.value.problems
    assert first.where == f"{tmp_path}/.env:1"
    assert "PAPERBOT_WEB_PORT and SLACK_BOT_TOKEN are on one line" in str(first)
    assert "not “18123”" in str(second)
    assert "s3cret" not in repr(caught.value) + str(caught.value)


def test_a_setting_that_stands_twice_is_named_with_both_lines(tmp_path: Path):
    text = "SLACK_BOT_TOKEN=xoxb-old\nSLACK_APP_TOKEN=xapp-1\nSLACK_BOT_TOKEN=xoxb-new\n"

    with pytest.raises(SettingsError) as caught:
        _read(text, tmp_path)

    (problem,) = caught.value.problems
    assert str(problem) == (
        f"{tmp_path / '.env'}:3: SLACK_BOT_TOKEN is set in line 1 already: keep one of the two"
    )


def test_an_empty_line_of_the_example_before_a_value_is_no_second_setting(tmp_path: Path):
    settings = _read("PAPERBOT_VAULT=\nOTHER=1\nOTHER=2\nPAPERBOT_VAULT=notes\n", tmp_path)

    assert settings.vault == Path("notes")


def test_mail_is_on_once_it_has_a_server_and_an_address_for_its_links(tmp_path: Path):
    server = "PAPERBOT_SMTP_URL=smtp://papers%40example.org:p%2Fs%20s@mail.example.org\n"
    site = "PAPERBOT_WEB_URL=https://papers.example.net\n"

    alone = _read(server, tmp_path)
    whole = _read(server + site, tmp_path)
    named = _read(server + site + "PAPERBOT_MAIL_FROM=Papers <daily@example.org>\n", tmp_path)
    nobody = _read("PAPERBOT_SMTP_URL=smtp://127.0.0.1:2525\n" + site, tmp_path)

    assert not alone.mail_is_on
    assert whole.mail_is_on
    found = whole.mail_server
    assert found is not None
    assert (found.user, found.password, found.port) == ("papers@example.org", "p/s s", 587)
    assert "p/s s" not in repr(whole) + repr(found)
    senders = [each.mail_sender for each in (whole, named, nobody)]
    assert [each.address for each in senders if each is not None] == [
        "papers@example.org",
        "daily@example.org",
        "paperbot@papers.example.net",
    ]


@pytest.mark.parametrize(
    "line",
    [
        *("mail.example.org", "http://mail.example.org", "smtp://", "smtp://h:99999", "smtp://h:0"),
        *("smtp://secret@h", "smtp://secret:@h", "smtp://:secret@h", "smtp://a:secret@h/path"),
        *("smtp://a:secret@h?x=y", "smtp://a:secret%0A@h"),
    ],
)
def test_a_wrong_mail_server_is_named_without_its_password(line: str, tmp_path: Path):
    with pytest.raises(SettingsError, match="PAPERBOT_SMTP_URL") as wrong:
        _read(f"PAPERBOT_SMTP_URL={line}\n", tmp_path)

    assert "secret" not in str(wrong.value)


def test_only_a_server_on_this_machine_may_lack_encryption(tmp_path: Path):
    found = {
        url: _read(f"PAPERBOT_SMTP_URL={url}\n", tmp_path).mail_server
        for url in ("smtp://127.0.0.1", "smtp://localhost", "smtp://10.0.0.1", "smtps://h")
    }

    assert [each.security.value for each in found.values() if each is not None] == [
        *("none", "starttls", "starttls", "tls"),
    ]


def test_a_sender_needs_a_server(tmp_path: Path):
    with pytest.raises(SettingsError, match="PAPERBOT_MAIL_FROM also needs PAPERBOT_SMTP_URL"):
        _read("PAPERBOT_MAIL_FROM=papers@example.org\n", tmp_path)
