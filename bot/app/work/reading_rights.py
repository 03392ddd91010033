"""What the platforms tell of people elsewhere: which channels they still read, and who is known."""

import logging
from collections.abc import Collection, Mapping

from bot.app.platforms import Joined
from bot.core.ports import ChannelRef, ChatError, Identity, Platform, User
from bot.desk.services.context import Vets
from bot.follow.services.plan import Reads

log = logging.getLogger(__name__)


def reading_rights(joined: Mapping[Platform, Joined]) -> Reads:
    """Which of some channels of one platform a person (`person_id`) reads now.

    None of those of which the platform cannot tell. Everybody reads the web chat's channels.
    """

    async def reads(person: str, channels: Collection[ChannelRef]) -> frozenset[ChannelRef]:
        found: set[ChannelRef] = {each for each in channels if each.platform is Platform.WEB}
        for platform, there in joined.items():
            theirs = [each for each in channels if each.platform is platform]
            if not theirs or there.rights is None:
                continue
            workspaces = tuple(sorted({each.workspace for each in theirs}))
            user = person.partition(":")[2].rpartition("/")[2]
            try:
                found |= {
                    *await there.rights.list_visible(
                        Identity(platform, workspaces, user, ""), theirs
                    )
                }
            except ChatError as error:
                log.warning("which channels %s reads is unknown for now: %s", person, error)
        return frozenset(found)

    return reads


def vetting(joined: Mapping[Platform, Joined]) -> Vets:
    """Whether the operator knows the workspace or server where somebody is; the web chat is known."""

    async def vets(channel: ChannelRef, user: User) -> bool:
        there = joined.get(channel.platform)
        return there is None or there.vets is None or await there.vets(channel, user)

    return vets
