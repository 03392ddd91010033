"""The settings of the bot: `read_settings` returns them, or names every problem."""

from bot.settings.settings import (
    ENV_FILE,
    LogFormat,
    LogLevel,
    Settings,
    check_database_folder,
    check_vault_folder,
    operator_locale,
    read_settings,
    setting_names,
    wants_json_log,
)

__all__ = [
    "ENV_FILE",
    "LogFormat",
    "LogLevel",
    "Settings",
    "check_database_folder",
    "check_vault_folder",
    "operator_locale",
    "read_settings",
    "setting_names",
    "wants_json_log",
]
