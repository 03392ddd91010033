"""arXiv identifiers, and where they hide in text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ArxivId:
    """A paper's arXiv identifier: `number` without version (`2310.07831`, `math/0611800`).

    `version` is 0 where none was given; equality of *papers* is equality of `number`.
    """

    number: str
    version: int = 0
