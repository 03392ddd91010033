"""The settings of the bot: `read_settings` returns them, or names every problem."""

from bot.settings.settings import (
    DEFAULT_DATABASE,
    ENV_FILE,
    LogFormat,
    LogLevel,
    Settings,
    check_database_folder,
    check_vault_folder,
    environment_of_git,
    operator_locale,
    read_settings,
    setting_names,
    wants_json_log,
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
    "operator_locale",
    "read_settings",
    "setting_names",
    "wants_json_log",
]
