"""What the programs that the tests fork need, imported once; see `forked.py`."""

import gc
import os
from importlib import import_module

from tests.forked import NO_CERTIFICATES, PROGRAMS

os.environ.update(NO_CERTIFICATES)  # noqa: TID251 - of these programs, not a setting
for _program in PROGRAMS:
    import_module(_program)
gc.freeze()  # the collector of a program walks through none of it
