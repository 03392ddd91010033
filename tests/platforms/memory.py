"""What a platform's adapter remembers, and compares with, in memory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.core.ports import KeptReply, MessageRef, Platform, ThreadMessage
from bot.discussion.domain.copies import is_newer

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Notes:
    """`ports.KeyValueStore`."""

    kept: dict[str, str] = field(default_factory=dict)

    async def find(self, name: str) -> str | None:
        return self.kept.get(name)

    async def put(self, name: str, value: str) -> None:
        self.kept[name] = value


@dataclass
class SeenIds:
    """`ports.ProcessedEvents`."""

    ids: set[str] = field(default_factory=set)

    async def is_known(self, event_id: str) -> bool:
        return event_id in self.ids

    async def first_time(self, event_id: str) -> bool:
        if event_id in self.ids:
            return False
        self.ids.add(event_id)
        return True


@dataclass
class Kept:
    """`ports.Replies` over what an inbox has heard, and what was taken back."""

    heard: list[ThreadMessage]
    taken_back: list[MessageRef]
    shown: list[MessageRef] = field(default_factory=list)
    """The messages of papers."""

    @property
    def newest(self) -> dict[MessageRef, ThreadMessage]:
        """What is kept of each message."""
        found: dict[MessageRef, ThreadMessage] = {}
        for said in self.heard:
            before = found.get(said.message)
            if before is None or is_newer(said.edited_at, before.edited_at):
                found[said.message] = said
        return {ref: said for ref, said in found.items() if ref not in self.taken_back}

    async def roots(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        found = [
            said.root
            for said in self.newest.values()
            if said.root.channel.platform is platform and (said.at or _BEGINNING) >= since
        ]
        return tuple(dict.fromkeys(found))

    async def papers(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:  # noqa: ARG002
        return tuple(self.shown)

    async def kept_in(self, root: MessageRef) -> tuple[KeptReply, ...]:
        found = [
            KeptReply(said.message, said.at or _BEGINNING, said.edited_at)
            for said in self.newest.values()
            if said.root == root
        ]
        return tuple(sorted(found, key=lambda reply: reply.said_at))
