"""The command `mcp`: assistants look things up in the archive."""

from bot.cli.output.terminal import DONE
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable

_MISSING_EXTRA = translatable(
    "Assistants need the packages of the extra “mcp”: pip install 'paper-digest-bot[mcp]'"
)


def mcp() -> int:
    """Answer an assistant over standard input and output (Model Context Protocol); only reads.

    The assistant starts it: for example “claude mcp add papers -- paperbot mcp”.
    """
    from importlib.metadata import version

    from bot.cli.database import now, with_database_to_read
    from bot.core.database.database import Database
    from bot.settings import Settings

    try:
        from bot.assistants.server import server
    except ImportError:  # of the SDK, or of what it needs
        raise UsageError(_MISSING_EXTRA) from None

    from bot.assistants.services.tools import Tools

    async def work(db: Database, settings: Settings) -> None:
        tools = Tools(db, now, settings.timezone)
        await server(tools, version=version("paper-digest-bot")).run_stdio_async()

    with_database_to_read(work)
    return DONE
