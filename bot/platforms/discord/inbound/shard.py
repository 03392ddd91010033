"""One of a bot's gateway connections: which servers it serves, where its position is stored."""

from bot.core.domain.dataclass import dataclass
from bot.core.ports import KeyValueStore


@dataclass(frozen=True, slots=True)
class Shard:
    """Number `number` of `count` connections."""

    number: int = 0
    count: int = 1

    def serves(self, server: str) -> bool:
        """Whether it gets the events of a server; direct messages (no server) go to the first.

        The rule is Discord's (docs: topics/gateway, "Sharding").
        """
        return (int(server or 0) >> 22) % self.count == self.number


def position_name(application: int, shard: Shard) -> str:
    """The key under which a connection's backfill position is stored."""
    several = f"/{shard.number} of {shard.count}" if shard.count > 1 else ""
    return f"discord/{application}/heard{several}"


async def carry_positions(memo: KeyValueStore, application: int, count: int) -> None:
    """Where the number of connections changed, all begin at the oldest position before."""
    before = await stored_count(memo, application)
    if before == count:
        return
    names = [position_name(application, Shard(number, before)) for number in range(before)]
    known = [found for name in names if (found := await memo.find(name)) is not None]
    for number in range(count) if known else ():
        await memo.put(position_name(application, Shard(number, count)), min(known, key=int))
    await memo.put(_count_name(application), str(count))


async def stored_count(memo: KeyValueStore, application: int) -> int:
    """How many connections the bot has."""
    return int(await memo.find(_count_name(application)) or 1)


def _count_name(application: int) -> str:
    return f"discord/{application}/shards"
