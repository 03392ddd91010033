"""The hash of what a message says: equal hashes, equal content."""

from hashlib import sha256

from bot.core.domain.document import Document, dump


def content_hash(document: Document) -> str:
    """The hash of a document."""
    return text_hash(dump(document))


def text_hash(content: str) -> str:
    """The hash of a dumped document."""
    return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]
