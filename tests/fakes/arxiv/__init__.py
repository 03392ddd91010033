"""arXiv on 127.0.0.1: its feeds and its query service, with all their moods."""

from tests.fakes.arxiv.faults import Fault, FaultKind
from tests.fakes.arxiv.server import FakeArxiv, Request
from tests.fakes.arxiv.world import Paper, World

__all__ = ["FakeArxiv", "Fault", "FaultKind", "Paper", "Request", "World"]
