"""Reads the settings from the environment and `.env`, and reports every problem at once.

Only this module reads the environment.
"""

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.core.domain.errors import SettingsError, UsageError
from bot.core.domain.i18n import translatable
from bot.settings.combinations import contradictions
from bot.settings.env_file import check_env_file, meant_by, platform_setting_like
from bot.settings.settings import LogFormat, Settings, setting_names
from bot.settings.values import WrongValueError, WrongWordsError

ENV_FILE = Path(".env")
_DID_YOU_MEAN = translatable("{name} is not a setting; did you mean {close}?")


def read_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """Read each setting from the environment, else from `env_file`, else use its default.

    An empty value counts as unset. Raises one `SettingsError` with every problem, one per line,
    without secrets.
    """
    problems: list[UsageError] = []
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)  # check_env_file reports it better
    try:
        problems += _ignored_names(env_file)
        settings = Settings(_env_file=env_file, _env_file_encoding="utf-8-sig")
        problems += contradictions(
            {
                str(field.validation_alias): getattr(settings, name)
                for name, field in Settings.model_fields.items()
            }
        )
    except ValidationError as error:
        problems += [problem for detail in error.errors() for problem in _explain(detail)]
        raise SettingsError(tuple(problems)) from None  # the cause contains the values
    except UnicodeDecodeError as error:
        raise UsageError(
            translatable("The settings in {file} are not in UTF-8: save the file as UTF-8"),
            file=env_file,
        ) from error
    except OSError as error:
        raise UsageError(
            translatable("cannot read the settings in {file}: {reason}"),
            file=env_file,
            reason=error,
        ) from error
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def _explain(detail: ErrorDetails) -> Iterator[UsageError]:
    name = detail["loc"][0]
    error = detail.get("ctx", {}).get("error")
    for wrong in error.each if isinstance(error, WrongWordsError) else (error,):
        if isinstance(wrong, WrongValueError):
            values = {key: _without_others(value) for key, value in wrong.values.items()}
            yield UsageError(wrong.message, path=None, line=None, name=name, **values)
        else:
            yield UsageError("{name}: {reason}", name=name, reason=detail["msg"])


def _without_others(value: object) -> object:
    """The value without other settings on its line, which may be secrets."""
    if not isinstance(value, str):
        return value
    return re.split(r"[\s;,](?=[A-Z][A-Z0-9_]*\s*=)", value, maxsplit=1)[0].rstrip()


def _ignored_names(env_file: Path | None) -> Iterator[UsageError]:
    """Problems of `.env`, and names of settings that the environment spells wrongly.

    A service's file of settings (systemd's `EnvironmentFile`, Compose's `env_file`) is read as
    the environment. A name that is like no setting is let be: Kubernetes makes
    `PAPERBOT_SERVICE_HOST` of a service.
    """
    known = setting_names()
    if env_file is not None:
        yield from check_env_file(env_file, known)
    for name in os.environ:
        meant = meant_by(name, known)
        if meant is not None:
            yield UsageError(_DID_YOU_MEAN, name=name, close=meant)


def near_misses(settings: Settings) -> tuple[UsageError, ...]:
    """Names in the environment that are like a setting of a platform that is not set.

    They may be another program's, such as `SLACK_API_TOKEN`: they are told, and stop nothing.
    """
    is_set = {
        str(Settings.model_fields[name].validation_alias) for name in settings.model_fields_set
    }
    known = frozenset(setting_names())
    return tuple(
        UsageError(_DID_YOU_MEAN, name=name, close=close)
        for name in os.environ
        if name not in known
        if (close := platform_setting_like(name, known - is_set)) is not None
    )


def wants_json_log(env_file: Path = ENV_FILE) -> bool:
    """Whether the log is to be JSON, even where other settings are wrong."""
    name = "PAPERBOT_LOG_FORMAT"
    value = os.environ.get(name)
    if not value:
        try:
            value = dotenv_values(env_file, encoding="utf-8-sig").get(name)
        except (OSError, UnicodeDecodeError):
            return False
    return (value or "").strip().lower() == LogFormat.JSON


def operator_locale() -> str:
    """The locale of the terminal (`ko_KR.UTF-8`) from `LC_ALL`, `LC_MESSAGES` or `LANG`, or empty."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((value for name in names if (value := os.environ.get(name))), "")


def of_this_process(name: str) -> str:
    """A variable of the environment of this process alone, not of `.env`, or the empty string."""
    return os.environ.get(name, "").strip()


def environment_of_git() -> dict[str, str]:
    """This process's environment for Git and its hooks: without settings, which hold secrets.

    Variables that name a repository are left out, too: a hook that started the bot has set them.
    """
    left_out = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE"}
    left_out |= {"GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "PGPASSWORD", *setting_names()}
    return {name: value for name, value in os.environ.items() if name not in left_out}
