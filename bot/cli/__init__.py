"""The command line, `paperbot …` (Typer). Slow imports happen inside the commands."""

import gc

# Modules stay for good: to walk them while they are imported takes 10 ms of every command.
gc.disable()
try:
    from bot.cli.program import main
finally:
    gc.freeze()
    gc.enable()

__all__ = ["main"]
