"""What Git and the usual hosts say, and what a person is told."""

import pytest

from bot.vault.domain.commit import ToCommit, to_commit
from bot.vault.domain.git_error import Kind, explain
from bot.vault.domain.writing import Author


@pytest.mark.parametrize(
    ("command", "said", "kind", "reason"),
    [
        (
            "push",
            (
                "git@github.com: Permission denied (publickey).\n"
                "fatal: Could not read from remote repository.\n\nPlease make sure you have the "
                "correct access rights\nand the repository exists.\n"
            ),
            Kind.CREDENTIALS,
            "git@github.com: Permission denied (publickey).",
        ),
        (
            "fetch",
            "Host key verification failed.\nfatal: Could not read from remote repository.\n",
            Kind.CREDENTIALS,
            "Host key verification failed.",
        ),
        (
            "push",
            (
                "remote: Permission to lab/notes.git denied to bot.\nfatal: unable to access "
                "'https://bot:ghp_x@github.com/lab/notes.git/': The requested URL returned error: 403\n"
            ),
            Kind.CREDENTIALS,
            "Permission to lab/notes.git denied to bot.",
        ),
        (
            "fetch",
            (
                "fatal: unable to access 'https://bot:ghp_x@git.example.org/n.git/': Could not resolve host: "
                "git.example.org\n"
            ),
            Kind.UNREACHABLE,
            (
                "unable to access 'https://git.example.org/n.git/': Could not resolve host: "
                "git.example.org"
            ),
        ),
        (
            "push",
            (
                "To github.com:lab/notes.git\n ! [rejected]        main -> main (fetch first)\n"
                "error: failed to push some refs to 'github.com:lab/notes.git'\nhint: Updates were…\n"
            ),
            Kind.DIVERGED,
            None,
        ),
        (
            "push",
            (
                "remote: error: GH006: Protected branch update failed for refs/heads/main.\n"
                "To github.com:lab/notes.git\n"
                " ! [remote rejected] main -> main (protected branch hook declined)\n"
                "error: failed to push some refs to 'github.com:lab/notes.git'\n"
            ),
            Kind.PUSH_REFUSED,
            "error: GH006: Protected branch update failed for refs/heads/main.",
        ),
        (
            "rev-parse",
            "fatal: detected dubious ownership in repository at '/srv/vault'\n",
            Kind.OWNER,
            None,
        ),
        (
            "commit",
            "error: Committing is not possible because you have unmerged files.\n",
            Kind.IN_PROGRESS,
            None,
        ),
        ("commit", "a hook's last words\n", Kind.REFUSED, "a hook's last words"),
        ("status", "", Kind.FAILED, "?"),
    ],
)
def test_what_git_says_is_one_line_for_a_person(
    command: str, said: str, kind: Kind, reason: str | None
) -> None:
    error = explain(command, said, folder="/srv/vault", branch="main")

    assert error.kind is kind
    assert "\n" not in str(error)
    assert reason is None or error.values["reason"] == reason
    assert "ghp_x" not in str(error)


@pytest.mark.parametrize(
    ("name", "person", "author", "email"),
    [
        ("Ada Kim", "slack:T1/U1", "Ada Kim", "slack.T1.U1@paperbot.invalid"),
        ("보람", "web:x y\n", "보람", "web.x.y@paperbot.invalid"),
        ("A <b@c>\n", "discord:1", "A  b@c", "discord.1@paperbot.invalid"),
        ("...", "discord:1", "discord:1", "discord.1@paperbot.invalid"),
    ],
)
def test_an_author_is_one_that_git_takes(name: str, person: str, author: str, email: str) -> None:
    made = to_commit("2026/Note.md", "12", Author(name, person), is_new=True)

    assert (made.name, made.email, made.message) == (author, email, "Add Note")
    assert ToCommit.load(made.dump()) == made
