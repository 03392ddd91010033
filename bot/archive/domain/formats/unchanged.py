"""Whether what was read from a text is still what an entry says."""

from bot.archive.domain.entry import Entry


def is_unchanged(read: Entry, entry: Entry) -> bool:
    """Whether an entry, read anew from its source text, says what the curator says by now.

    Date, commentary, tags and links count, and which paper it is. The paper's details do not: they
    are filled in from arXiv and shared by all entries of a paper.
    """
    return (
        read.date == entry.date
        and read.commentary == entry.commentary
        and read.tags == entry.tags
        and read.links == entry.links
        and (read.paper.key == entry.paper.key or _is_unnamed(read))
    )


def _is_unnamed(read: Entry) -> bool:
    return read.paper.arxiv_id is None and read.paper.url is None
