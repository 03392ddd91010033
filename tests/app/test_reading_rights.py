"""Which channels a reader still reads is asked of the channel's platform, and doubt means none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from bot.app.platforms import Joined
from bot.app.work.reading_rights import reading_rights
from bot.core.ports import ChannelRef, ChatUnavailableError, Condition, Identity, Platform
from tests.stage import GENERAL, MORNING, Clock, MemoryChat

LEFT = replace(GENERAL, id="C2")
WEB = ChannelRef(Platform.WEB, "", "general")


@dataclass
class SomeRights:
    """Everybody reads GENERAL alone; `is_away`: nobody can tell."""

    is_away: bool = False
    asked: list[Identity] = field(default_factory=list)

    async def shared_workspaces(self, who: Identity) -> tuple[str, ...]:
        return who.workspaces

    async def may_manage(self, who: Identity, channel: ChannelRef) -> bool:
        return who.person == channel.id

    async def list_visible(
        self, who: Identity, channels: Collection[ChannelRef]
    ) -> Mapping[ChannelRef, str]:
        self.asked.append(who)
        if self.is_away:
            raise ChatUnavailableError("away")
        return {each: "general" for each in channels if each == GENERAL}


def joined(rights: SomeRights) -> Mapping[Platform, Joined]:
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    chat = MemoryChat(Clock(MORNING))
    condition = Condition("slack", ok=True)
    return {Platform.SLACK: Joined(chat, check, lambda: condition, rights=rights)}


async def test_the_platform_tells_which_channels_a_person_reads_now():
    rights = SomeRights()

    found = await reading_rights(joined(rights))("slack:T1/U7", [GENERAL, LEFT, WEB])

    assert found == {GENERAL, WEB}
    assert [(who.user, who.workspaces) for who in rights.asked] == [("U7", ("T1",))]


async def test_where_nobody_can_tell_a_person_reads_none_for_now():
    found = await reading_rights(joined(SomeRights(is_away=True)))("slack:T1/U7", [GENERAL])

    assert found == frozenset()
