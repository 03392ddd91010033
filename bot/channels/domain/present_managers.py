"""Who may manage a channel's digest, as a document: the list, and the refusal to others."""

from collections.abc import Sequence
from typing import Protocol

from bot.channels.domain.managers import Manager
from bot.core.domain.document import Document, Note, Paragraph, notice, run
from bot.core.domain.i18n import Translate


class Asker(Protocol):
    """The person who asks."""

    @property
    def id(self) -> str:
        """The platform's id."""
        ...

    @property
    def can_manage(self) -> bool:
        """Whether the platform lets them manage the channel."""
        ...

    @property
    def is_unsure(self) -> bool:
        """Whether the platform could not tell that for now."""
        ...


def unsure_words(say: Translate) -> str:
    """What somebody is told whose rights the platform cannot tell for now."""
    return say(
        "What you may do in this channel cannot be looked up right now: try again in a moment."
    )


def present_managers(
    platform: str, named: Sequence[Manager], asker: Asker, say: Translate
) -> Document:
    """Who may manage the channel's digest, and how that is changed."""
    who = say("Who may manage the digest here: {people}.", people=_by_platform(platform, say))
    blocks = [Paragraph(run(who)), Paragraph(run(_named(named, say)))]
    if asker.can_manage:
        note = say(
            "“/digest managers @…” names people, “/digest managers remove @…” removes them. "
            "Whoever is named cannot name others."
        )
        if platform == "web":
            note += " " + say("In the web chat write the id that “/digest managers” shows them.")
        return Document((*blocks, Note(run(note))), who)
    return Document((*blocks, *_own_id(platform, asker, say)), who)


def present_refusal(
    platform: str, named: Sequence[Manager], asker: Asker, say: Translate
) -> Document:
    """Tells a person who may manage the channel's digest instead."""
    if asker.is_unsure:
        return notice(unsure_words(say))
    who = say(
        "Only people who may manage this channel can do that: {people}, and whomever they name "
        "with “/digest managers @…”.",
        people=_by_platform(platform, say),
    )
    listed = (Paragraph(run(_named(named, say))),) if named else ()
    return Document((Paragraph(run(who)), *listed, *_own_id(platform, asker, say)), who)


def present_naming_refusal(platform: str, asker: Asker, say: Translate) -> Document:
    """Tells a person who may name managers, also if they are one."""
    if asker.is_unsure:
        return notice(unsure_words(say))
    who = say(
        "Only these people can name or remove managers: {people}.",
        people=_by_platform(platform, say),
    )
    return Document((Paragraph(run(who)), *_own_id(platform, asker, say)), who)


def _by_platform(platform: str, say: Translate) -> str:
    match platform:
        case "slack":
            return say("admins and owners of the workspace, and the channel's creator")
        case "discord":
            return say("people with the permission “Manage Channels”")
        case _:
            return say("the operator")


def _named(named: Sequence[Manager], say: Translate) -> str:
    if not named:
        return say("Nobody else is named.")
    return say("Also named: {people}.", people=", ".join(map(_shown, named)))


def _shown(manager: Manager) -> str:
    is_web = manager.person.startswith("web:")
    if not manager.name:
        return f"@{manager.id}"
    # A visitor's name can be taken by others, so it never stands alone.
    return f"{manager.name} (@{manager.id})" if is_web else manager.name


def _own_id(platform: str, asker: Asker, say: Translate) -> tuple[Note, ...]:
    """In the web chat: the asker's id, since there is no other way to learn it."""
    if platform != "web":
        return ()
    text = say("The operator can name you with “/digest managers @{id}”.", id=asker.id)
    return (Note(run(text)),)
