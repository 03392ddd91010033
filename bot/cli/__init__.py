"""What an operator types: `paperbot …` (Typer). Modules import what is heavy when it is needed."""

from bot.cli.program import main

__all__ = ["main"]
