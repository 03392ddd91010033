"""The settings of the bot: `read_settings` returns them, or names every problem."""

from bot.settings.environment import (
    ENV_FILE,
    environment_of_git,
    near_misses,
    operator_locale,
    read_settings,
    wants_json_log,
)
from bot.settings.settings import (
    DEFAULT_DATABASE,
    LogFormat,
    LogLevel,
    Settings,
    check_database_folder,
    check_vault_folder,
    setting_names,
)

__all__ = [
    "DEFAULT_DATABASE",
    "ENV_FILE",
    "LogFormat",
    "LogLevel",
    "Settings",
    "check_database_folder",
    "check_vault_folder",
    "environment_of_git",
    "near_misses",
    "operator_locale",
    "read_settings",
    "setting_names",
    "wants_json_log",
]
