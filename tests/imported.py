"""What the programs that the tests fork need, imported once; see `forked.py`."""

import asyncio
import gc
import os
import pkgutil
from contextlib import suppress
from importlib import import_module

import bot
from tests.forked import NO_CERTIFICATES, PROGRAMS

os.environ.update(NO_CERTIFICATES)  # noqa: TID251 - of these programs, not a setting
for _program in PROGRAMS:
    import_module(_program)
for _module in pkgutil.walk_packages(bot.__path__, "bot."):
    if not _module.name.endswith(".__main__"):
        with suppress(ImportError):  # of an extra that is not installed
            import_module(_module.name)

# What each would read and compile at its start; imported here, since aiohttp reads certificates.
from bot.core.catalogue import Catalogues  # noqa: E402
from bot.platforms.web.rendering.view import make_view  # noqa: E402
from bot.platforms.web.server import build_name, read_static  # noqa: E402

asyncio.run(make_view(Catalogues(), build=build_name(read_static())).compile_pages())
gc.freeze()  # the collector of a program walks through none of it
