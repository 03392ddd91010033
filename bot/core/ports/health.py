"""How the bot is: for the operator, for `/healthz` and for `/metrics`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked for the operator; `words` say what to do unless it is `ok`."""

    subject: str
    ok: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """How one part of the bot is; `detail` is a line for the operator, without secrets."""

    name: str
    ok: bool
    detail: str = ""
    last_ok_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot is; `ok` is the verdict on the whole, as a supervisor should read it."""

    ok: bool
    platforms: tuple[Condition, ...] = ()
    pumps: tuple[Condition, ...] = ()
    arxiv: Condition | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A number about the bot for `/metrics`; `words` say in English what it is."""

    name: str
    words: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()
    only_grows: bool = False
