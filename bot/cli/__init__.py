"""The command line, `paperbot …` (Typer). Slow imports happen inside the commands."""

from bot.cli.program import main

__all__ = ["main"]
