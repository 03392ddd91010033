"""Linked channels as documents: the code that links them, and the notices to their readers."""

from collections.abc import Callable, Iterable, Sequence

from bot.core.domain import command_line
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, Note, Paragraph, Style, Text, run
from bot.core.domain.i18n import Translate


@dataclass(frozen=True, slots=True)
class Place:
    """A channel as shown on another platform: the platform, and its name where known."""

    platform: str
    name: str = ""


def present_code(code: str, minutes: int, say: Translate) -> Document:
    """A code to enter in the channel that this one is to be linked with."""
    line = command_line.format_line("digest", f"link {code}")
    text = say("Enter this in the other channel within {n} minutes:", n=minutes)
    note = say("From then on, replies about a paper appear in both channels.")
    blocks = (Paragraph(run(text)), Paragraph((Text(line, Style.CODE),)), Note(run(note)))
    return Document(blocks, summary=f"{text} {line}")


def present_linked(others: Sequence[Place], voices: Iterable[Translate]) -> Document:
    """Tells a channel which channels share its discussions from now on, in each of its languages."""
    return told(
        voices,
        lambda say: say(
            "From now on, replies in papers' threads are shared between this channel and "
            "{places}. “/digest unlink” stops that.",
            places=_names(others, say),
        ),
    )


def present_unlinked(others: Sequence[Place], voices: Iterable[Translate]) -> Document:
    """Tells a channel which channels no longer share its discussions; posted copies stay."""
    return told(
        voices,
        lambda say: say(
            "Replies in papers' threads are no longer shared between this channel and {places}. "
            "Replies already shared stay.",
            places=_names(others, say),
        ),
    )


def told(voices: Iterable[Translate], words: Callable[[Translate], str]) -> Document:
    """A notice to everybody in a channel: a paragraph for each of its languages."""
    texts = tuple(dict.fromkeys(map(words, voices)))
    return Document(tuple(Paragraph(run(text)) for text in texts), summary=texts[0])


def _names(places: Sequence[Place], say: Translate) -> str:
    return ", ".join(dict.fromkeys(_name(place, say) for place in places))


def _name(place: Place, say: Translate) -> str:
    platform = say("the web chat") if place.platform == "web" else place.platform.capitalize()
    if place.name:
        return say("#{name} in {platform}", name=place.name, platform=platform)
    return say("a channel in {platform}", platform=platform)
