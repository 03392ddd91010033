"""A wall clock for processes that a test moves; their monotonic clock is the real one."""

import shutil
import sysconfig
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FakedClock:
    """The wall clock of every process that is started with `settings`."""

    file: Path
    library: str

    @property
    def settings(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": self.library,
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",  # seconds: reading the file at every call is slow
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, offset: str) -> None:
        """So far from the real time: `-1h`, `+2d`."""
        new = self.file.with_suffix(".new")
        new.write_text(offset)
        new.replace(self.file)

    def set_to(self, at: datetime) -> None:
        """That time now."""
        self.set(f"{at.timestamp() - time.time():+.0f}")

    def timestamp(self) -> float:
        """What the processes take for the time, where `set_to` has set it."""
        return time.time() + float(self.file.read_text())


def faked_clock(folder: Path) -> FakedClock:
    """A clock that is right until it is set; needs the program `faketime`.

    The program itself is not run: it fails where a killed process left its shared memory and the
    system gives that process's id again.
    """
    prefix = Path(shutil.which("faketime") or "").parent.parent
    folders = (f"lib/{sysconfig.get_config_var('MULTIARCH')}", "lib64", "lib")  # Debian's first
    libraries = [prefix / each / "faketime/libfaketimeMT.so.1" for each in folders]
    library = next((each for each in libraries if each.is_file()), None)
    assert library is not None, f"libfaketime is at none of {', '.join(map(str, libraries))}"
    faked = FakedClock(folder / "clock", str(library))
    faked.set("+0")
    return faked
