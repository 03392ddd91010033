"""A stateful Discord on 127.0.0.1: REST, gateway, interactions, limits and faults.

It keeps guilds, channels, threads and messages as Discord does, so that a test asks what is
*there*, not what was called. `FakeDiscord` is the server; its methods are what people do.
`python -m tests.fakes.discord` runs it as a process of its own.
"""

from tests.fakes.discord.faults import Fault, Rates
from tests.fakes.discord.server import FakeDiscord, components_of, text_of
from tests.fakes.discord.world import TOKEN

__all__ = ["TOKEN", "FakeDiscord", "Fault", "Rates", "components_of", "text_of"]
