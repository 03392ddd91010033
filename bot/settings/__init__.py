"""The settings of the bot: `read_settings` returns them, or names every problem."""

from bot.settings.settings import (
    ENV_FILE,
    LogFormat,
    LogLevel,
    Settings,
    operator_locale,
    read_settings,
    setting_names,
)

__all__ = [
    "ENV_FILE",
    "LogFormat",
    "LogLevel",
    "Settings",
    "operator_locale",
    "read_settings",
    "setting_names",
]
