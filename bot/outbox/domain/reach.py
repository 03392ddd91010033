"""Which channels a process posts to: whole platforms, or single workspaces (issue 15, item 3)."""

from collections.abc import Iterable

from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """All channels of `platforms`, and those of single `workspaces` of other platforms."""

    platforms: frozenset[str] = frozenset()
    workspaces: frozenset[tuple[str, str]] = frozenset()

    def covers(self, platform: str, workspace: str) -> bool:
        """Whether the process posts to a workspace's channels."""
        return platform in self.platforms or (platform, workspace) in self.workspaces

    def on(self, platform: str) -> "Reach":
        """The part that is on one platform."""
        return Reach(
            self.platforms & {platform},
            frozenset(each for each in self.workspaces if each[0] == platform),
        )

    def spans(self, platform: str) -> list[tuple[str, str]]:
        """The ranges of a platform's channels as text: from the first one to before the second."""
        if platform in self.platforms:
            return [span(platform)]
        return [span(*each) for each in sorted(self.workspaces) if each[0] == platform]

    @property
    def beginnings(self) -> dict[str, list[str]]:
        """How the channels begin as text: those of whole platforms, and those of workspaces."""
        return {
            "platforms": [f"{platform}:" for platform in sorted(self.platforms)],
            "workspaces": [f"{platform}:{name}/" for platform, name in sorted(self.workspaces)],
        }


def whole(platforms: Iterable[str]) -> Reach:
    """Every channel of these platforms."""
    return Reach(frozenset(platforms))


def span(platform: str, workspace: str = "") -> tuple[str, str]:
    """All channels of a platform, or of one of its workspaces: from the first to before the second.

    `;` sorts directly after `:`, and `0` after `/`.
    """
    if workspace:
        return f"{platform}:{workspace}/", f"{platform}:{workspace}0"
    return f"{platform}:", f"{platform};"
