"""What keeps the vault's Git repository from being up to date, in one line for a person. Pure.

Git says it on standard error, in English (`LC_ALL=C`), in words that differ little between versions.
"""

import re
from enum import StrEnum

from bot.core.domain.errors import UserError
from bot.core.domain.i18n import Worded, translatable, worded
from bot.core.domain.late import late_pattern


class Kind(StrEnum):
    """What is wrong."""

    NOT_INSTALLED = "not installed"
    NO_REPOSITORY = "no repository"
    OWNER = "owner"
    IN_PROGRESS = "in progress"
    DETACHED = "detached"
    NO_REMOTE = "no remote"
    NO_UPSTREAM = "no upstream"
    LOCKED = "locked"
    SLOW = "slow"
    CREDENTIALS = "credentials"
    UNREACHABLE = "unreachable"
    DIVERGED = "diverged"
    IN_THE_WAY = "in the way"
    REFUSED = "refused"
    PUSH_REFUSED = "push refused"
    IGNORED = "ignored"
    CHANGED = "changed"
    FAILED = "failed"


_MESSAGES = {
    Kind.NOT_INSTALLED: translatable(
        "Git is not installed: install it, or set PAPERBOT_VAULT_GIT=off"
    ),
    Kind.NO_REPOSITORY: translatable(
        "{folder} is not in a Git repository: clone one there, or set PAPERBOT_VAULT_GIT=off"
    ),
    Kind.OWNER: translatable(
        "{folder} belongs to another user, so Git does not read it. As the bot's user, run: git "
        "config --global --add safe.directory {folder}"
    ),
    Kind.IN_PROGRESS: translatable(
        "In the vault's Git repository this is in progress: {what}. Finish or abort it"
    ),
    Kind.DETACHED: translatable(
        "The vault's Git repository is on no branch (detached HEAD): run git switch BRANCH"
    ),
    Kind.NO_REMOTE: translatable(
        "The vault's Git repository has no remote, so nothing is pushed: run git remote add origin "
        "URL, then git push -u origin {branch}"
    ),
    Kind.NO_UPSTREAM: translatable(
        "The vault's branch {branch} has no upstream, so nothing is pushed: run git push -u origin "
        "{branch}"
    ),
    Kind.LOCKED: translatable(
        "Another Git is at work in the vault, or one was killed: if none runs, delete {file}"
    ),
    Kind.SLOW: translatable("git {command} did not end within {seconds} s"),
    Kind.CREDENTIALS: translatable(
        "The vault's remote does not let the bot in ({reason}): give the bot's user a credential "
        "helper or an SSH key"
    ),
    Kind.UNREACHABLE: translatable("The vault's remote cannot be reached ({reason})"),
    Kind.DIVERGED: translatable(
        "The vault's branch {branch} and its remote have diverged: bring them together by hand (git "
        "pull --rebase)"
    ),
    Kind.IN_THE_WAY: translatable(
        "Changes in the vault that nobody committed keep Git from a pull ({reason}): commit them"
    ),
    Kind.REFUSED: translatable("Git or one of its hooks refused the commit ({reason})"),
    Kind.PUSH_REFUSED: translatable("The push of the vault was refused ({reason})"),
    Kind.IGNORED: translatable("{file} is ignored by Git (.gitignore), so it is not committed"),
    Kind.CHANGED: translatable(
        "{file} was changed again before it was committed: commit it by hand"
    ),
    Kind.FAILED: translatable("git {command} failed ({reason})"),
}

LASTING = frozenset({Kind.IGNORED, Kind.CHANGED})
"""It is not tried again."""

_PATTERNS = (
    (Kind.LOCKED, r"Unable to create '(?P<file>[^']+\.lock)'|cannot lock ref"),
    (Kind.OWNER, r"dubious ownership|unsafe repository"),
    (Kind.NO_REPOSITORY, r"not a git repository \(or any|must be run in a work tree"),
    (
        Kind.CREDENTIALS,
        (
            r"could not read (?:Username|Password)|terminal prompts disabled|Authentication failed"
            r"|Permission denied \(|Host key verification failed|returned error: 40[13]"
            r"|Invalid username or password|Permission to .* denied"
        ),
    ),
    (
        Kind.UNREACHABLE,
        (
            r"Could not resolve host|unable to access|Connection (?:refused|timed out|reset)"
            r"|Network is unreachable|No route to host|does not appear to be a git repository"
            r"|Could not read from remote repository|remote end hung up|Repository not found"
        ),
    ),
    (
        Kind.DIVERGED,
        r"Not possible to fast-forward|Diverging branches|\(non-fast-forward\)|\(fetch first\)",
    ),
    (Kind.IN_THE_WAY, r"would be overwritten|not uptodate\. Cannot merge"),
    (Kind.IN_PROGRESS, r"unmerged files|in the middle of a (?:merge|rebase|cherry-pick)"),
)
"""The first that fits; each is searched in the whole output."""

_CREDENTIALS_IN_URL = late_pattern(r"://[^/@\s'\"]*@")
_NOISE = late_pattern(
    r"^(?:hint:|From |To |Please |and the repository exists|remote:\s*$|Aborting|\s*$)"
)
_LONGEST = 200


class GitError(UserError):
    """The vault's repository is not up to date; the file stays, and it is tried again."""

    def __init__(self, kind: Kind, **values: object) -> None:
        super().__init__(_MESSAGES[kind])
        self.values = values
        self.kind = kind

    @property
    def words(self) -> Worded:
        """The line, which can be said in another language later."""
        return worded(self.message, **self.values)


def explain(command: str, output: str, *, folder: str, branch: str) -> GitError:
    """What a failed `git COMMAND` means."""
    for kind, pattern in _PATTERNS:
        if found := re.search(pattern, output):
            return GitError(
                kind,
                folder=folder,
                branch=branch,
                file=found.groupdict().get("file") or ".git/*.lock",
                reason=_without_secrets(_line_around(output, found.start())),
                what="merge",
            )
    reason = reason_in(output)
    if command == "commit":
        return GitError(Kind.REFUSED, reason=reason)
    if command == "push":
        return GitError(Kind.PUSH_REFUSED, reason=reason)
    return GitError(Kind.FAILED, command=command, reason=reason)


def reason_in(output: str) -> str:
    """The line that says most."""
    lines = [line.strip() for line in output.splitlines() if not _NOISE.match(line)]
    told = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))]
    # “failed to push some refs” stands after the line that says why.
    best = [line for line in told if "failed to push" not in line] or told or lines or ["?"]
    return _without_secrets(best[0])


def _line_around(output: str, place: int) -> str:
    start = output.rfind("\n", 0, place) + 1
    return output[start:].splitlines()[0]


def _without_secrets(line: str) -> str:
    for mark in ("fatal: ", "error: ", "remote: "):
        if line.startswith(mark):
            line = line.removeprefix(mark)
            break
    plain = _CREDENTIALS_IN_URL.sub("://", " ".join(line.split()))
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
