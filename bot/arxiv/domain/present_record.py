"""What arXiv says of a paper, and what happens to it, as lines."""

from collections.abc import Sequence

from bot.archive.domain.arxiv_record import ArxivRecord, PaperEvent, PaperEventKind
from bot.core.domain.day_text import day_text
from bot.core.domain.i18n import Translate


def paper_lines(
    record: ArxivRecord | None, events: Sequence[PaperEvent], say: Translate
) -> tuple[str, ...]:
    """The version and the events of a paper, a line each."""
    if record is None:
        return ()
    day = day_text(record.updated_at.date(), say.locale)
    stands = say("arXiv has version {n}, of {day}", n=record.id.version, day=day)
    if record.is_withdrawn:
        stands = f"{stands} — {say('withdrawn from arXiv')}"
    happened = (event_line(event, say) for event in events)
    return (stands, *(line for line in happened if line))


def event_line(event: PaperEvent, say: Translate) -> str:
    """An event of a paper in one line; empty for citations, which a page shows elsewhere."""
    day = day_text(event.noticed_at.date(), say.locale)
    match event.kind:
        case PaperEventKind.VERSION:
            return say("{day}: version {n} was published", day=day, n=event.new_version)
        case PaperEventKind.WITHDRAWN:
            return say("{day}: withdrawn from arXiv", day=day)
        case PaperEventKind.REINSTATED:
            return say("{day}: it is no longer withdrawn", day=day)
        case PaperEventKind.CITED:
            return ""
