"""Compare an entry with what its source text says."""

from bot.archive.domain.entry import Entry


def is_unchanged(read: Entry, entry: Entry) -> bool:
    """Whether an entry still says what was read from its source text.

    Date, commentary, tags, links and the identity of the paper are compared. Title, authors and
    abstract are not: arXiv fills them in, and all entries of a paper share them.
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
