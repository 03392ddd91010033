"""Tells a channel that its replies become public on the static site, or no longer are."""

from collections.abc import Iterable

from bot.channels.domain.present_linked_channels import told
from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate


def present_public(voices: Iterable[Translate]) -> Document:
    """What is shown from now on, and how it goes again, in each of the channel's languages."""
    return told(
        voices,
        lambda say: say(
            "From now on, replies in papers' threads in this channel are public: the archive's "
            "website shows them, without the names of their authors. Earlier replies are not shown. "
            "Deleting a reply, or “/paper forget-me”, removes it there; “/digest settings public:off” "
            "removes all of them."
        ),
    )


def present_not_public(voices: Iterable[Translate]) -> Document:
    """Nothing of the channel is public any more."""
    return told(
        voices,
        lambda say: say(
            "Replies in this channel are no longer public: the archive's website removes all of "
            "them when it is next written."
        ),
    )
