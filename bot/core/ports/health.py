"""Health and metrics as values: for the operator, `/healthz` and `/metrics`."""

from datetime import datetime

from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of `paperbot doctor`; `words` say what to do unless it is `ok`."""

    subject: str
    ok: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of one part of the bot; `detail` is a line for the operator, without secrets.

    `told_to_all` replaces it for others, where it names workspaces, channels or the database.
    """

    name: str
    ok: bool
    detail: str = ""
    last_ok_at: datetime | None = None
    told_to_all: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the whole bot; a supervisor should act on `ok`.

    `workspaces` are the parts of platforms that have several.
    """

    ok: bool
    platforms: tuple[Condition, ...] = ()
    pumps: tuple[Condition, ...] = ()
    arxiv: Condition | None = None
    workspaces: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric for `/metrics`; `words` describe it in English."""

    name: str
    words: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()
    only_grows: bool = False
