"""What the programs that the tests fork need, imported once; see `forked.py`."""

import gc
import os
import pkgutil
from importlib import import_module

import bot
from tests.forked import NO_CERTIFICATES, PROGRAMS

os.environ.update(NO_CERTIFICATES)  # noqa: TID251 - of these programs, not a setting
for _program in PROGRAMS:
    import_module(_program)
for _module in pkgutil.walk_packages(bot.__path__, "bot."):
    if _module.name != "bot.__main__":
        import_module(_module.name)
gc.freeze()  # the collector of a program walks through none of it
