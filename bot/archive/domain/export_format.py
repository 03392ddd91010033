"""The formats of an export, by the names that an operator types."""

from enum import StrEnum


class Format(StrEnum):
    """The formats of an export."""

    VAULT = "vault"
    DIGEST = "digest"
    JSONL = "jsonl"
    BIBTEX = "bibtex"
    CSL = "csl"
    RIS = "ris"

    @property
    def is_read_again(self) -> bool:
        """Whether the export may be imported again: then it must not have arXiv's words in it."""
        return self in (Format.VAULT, Format.DIGEST)

    @property
    def is_by_paper(self) -> bool:
        """Whether the entries of one paper must follow one another."""
        return self in (Format.BIBTEX, Format.CSL, Format.RIS)
