"""Forms, an editor, `git pull`, somebody else's clone and the watcher, in any order: nobody loses a byte.

Real Git and real repositories. `--interleavings=1000` goes through a thousand; a run of all tests through few.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bot.archive.store import entries
from bot.core.domain.document import Document
from bot.core.domain.form import Form
from bot.desk.services.context import NoteFiles
from bot.vault.domain.commit import BOT_EMAIL
from bot.vault.domain.versions import names
from bot.vault.services import note_file
from bot.vault.services.vault import Vault
from bot.vault.services.vault_watch import WatchEvent
from bot.vault.services.writer import VaultWriter
from tests.databases import throw_away
from tests.desk_stage import Desk
from tests.talk_stage import words
from tests.vault.git_stage import Place

MOMENTS = (
    (),
    ("editor_saves",),
    ("editor_saves_in_place",),
    ("editor_saves", "editor_saves"),
    ("person_pulls",),
    ("person_commits",),
)
"""What others do between the bot's comparison of a file and its exchange, and before a second one."""
DEEDS = (
    "editor_saves",
    "editor_saves_in_place",
    "person_pulls",
    "person_commits",
    "editor_opens",
    "editor_saves_what_it_opened",
    "person_brings_the_branches_together",
    "other_pushes_a_note",
    "other_pushes_a_change",
    "remote_goes_or_comes",
    "bot_tries_again",
    "bot_starts_anew",
    "watcher_looks",
)
IN_THE_MIDDLE = (
    "MERGE_HEAD",
    "rebase-merge",
    "rebase-apply",
    "CHERRY_PICK_HEAD",
    "index.lock",
    "HEAD.lock",
    "refs/heads/main.lock",
)


def with_line(text: str, line: str) -> str:
    """The note with one more paragraph before its tags."""
    head, mark, tags = text.partition("\n#")
    return f"{head}\n{line}\n{mark}{tags}"


class Vaults(RuleBasedStateMachine):
    """One vault that four write: `written` is what each has written and nobody replaced."""

    template: Path
    met: ClassVar[Counter[str]] = Counter()
    """What happened to the forms, to see that the interesting cases are among them."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="vaults-"))
        self.stack = AsyncExitStack()
        self.runner = asyncio.Runner()
        self.tokens = 0
        self.written: set[str] = set()
        self.buffers: dict[Path, bytes] = {}
        self.in_the_moment: list[Callable[[], None]] = []
        self.away = False

    @initialize()
    def begin(self) -> None:
        shutil.copytree(self.template, self.root / "place", symlinks=True)
        self.place = Place.at(self.root / "place")
        self.vault = self.place.vault
        db = self.runner.run(self.stack.enter_async_context(throw_away()))
        files = NoteFiles(self.vault, VaultWriter(self.vault, self.place.bot, self.exchange))
        self.desk = Desk(db, files=files, vault=self.vault)
        self.watcher = Vault(
            db,
            self.vault,
            clock=self.desk.clock,
            sleep=self.no_sleep,
            changed=lambda: None,
            own=files.own,
        )
        self.watcher_looks()

    def teardown(self) -> None:
        try:
            if hasattr(self, "desk"):
                self.end()
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.root)

    def end(self) -> None:
        """With a remote that is there, all that can be pushed is; and all files are imported."""
        if self.away:
            self.remote_goes_or_comes()
        self.bot_tries_again()
        if self.place.bot.condition.ok:
            unpushed = self.place.git(self.vault, "log", "--format=%ce", "origin/main..HEAD")
            assert BOT_EMAIL not in unpushed
        self.watcher_looks()
        stored = self.runner.run(self.stored_texts())
        texts = {file.read_text(encoding="utf-8") for file in self.notes()}
        assert texts <= stored
        self.place.git(self.vault, "fsck", "--no-dangling")

    async def stored_texts(self) -> set[str]:
        async with self.desk.db.reading() as tx:
            found = await entries.between(tx, date(2026, 1, 1), date(2026, 12, 31))
        return {each.entry.source.text for each in found}

    async def no_sleep(self, _seconds: float) -> None:
        """The snapshots are taken at once."""

    def exchange(self, one: Path, other: Path) -> bool:
        """What others do in the moment between a comparison and an exchange."""
        if self.in_the_moment:
            self.met["in the moment"] += 1
            self.in_the_moment.pop()()
        return note_file.exchange(one, other)

    def token(self, who: str) -> str:
        self.tokens += 1
        return f"{who}{self.tokens}의 글입니다."

    def notes(self) -> list[Path]:
        return sorted(self.vault.glob("*.md"))

    def text_of_all(self) -> str:
        return "".join(file.read_text(encoding="utf-8") for file in self.notes())

    @rule(
        paper=st.sampled_from((1, 2, 2, 3)),
        meanwhile=st.lists(st.sampled_from(DEEDS), max_size=2),
        moments=st.sampled_from(MOMENTS),
    )
    def form(self, paper: int, meanwhile: list[str], moments: tuple[str, ...]) -> None:
        """Somebody opens the form of a paper, others do something, and the form is submitted."""
        command = self.desk.command(f"2602.0000{paper}")
        opened = self.runner.run(
            self.desk.inbox.open_form(command, self.desk.inbox.blank_form(command))
        )
        assert isinstance(opened, Form)
        if "paper" in opened.values:
            link = f"https://arxiv.org/abs/2602.0000{paper} *Paper {paper}* (Jane Lee)"
            opened = opened.filled({"paper": link, "tags": "rl"})
        for deed in meanwhile:
            getattr(self, deed)()
        self.in_the_moment = [getattr(self, deed) for deed in moments]
        self.submit(opened)
        self.in_the_moment.clear()

    def submit(self, form: Form) -> None:
        token = self.token("양식")
        said = form.values.get("ko", "")
        answer = self.runner.run(self.desk.submits(form, ko=f"{said}\n\n{token}".strip()))
        if isinstance(answer, Form):
            assert token in answer.values["ko"]
            self.met["to be corrected"] += 1
            return
        assert isinstance(answer, Document)
        assert token in self.text_of_all(), words(answer)
        self.written.add(token)
        self.met["saved"] += 1
        self.met[self.place.bot.condition.detail.partition(" (")[0]] += 1
        self.met["kept"] += any("(kept)" in file.name for file in self.notes())
        if "was changed meanwhile" in words(answer):
            self.met["two versions"] += 1
            told = next(line for line in words(answer).splitlines() if line.startswith("File: "))
            ours = self.vault / told.removeprefix("File: ")
            assert token in ours.read_text(encoding="utf-8")
            [theirs, *_] = [file for file in self.notes() if names(file.read_bytes(), ours.stem)]
            assert names(ours.read_bytes(), theirs.stem)

    @rule(deed=st.sampled_from(DEEDS))
    def others(self, deed: str) -> None:
        getattr(self, deed)()

    def pick(self) -> Path:
        """A note; the one that changed last is what people work on."""
        return max(self.notes(), key=lambda file: (file.stat().st_mtime_ns, file.name))

    def editor_opens(self) -> None:
        self.buffers[self.pick()] = self.pick().read_bytes()

    def editor_saves_what_it_opened(self) -> None:
        """Perhaps long ago: an editor asks nobody."""
        if self.buffers:
            file, buffer = self.buffers.popitem()
            self.save(file, buffer, is_in_place=False)

    def editor_saves(self) -> None:
        self.save(self.pick(), self.pick().read_bytes(), is_in_place=False)

    def editor_saves_in_place(self) -> None:
        self.save(self.pick(), self.pick().read_bytes(), is_in_place=True)

    def save(self, file: Path, buffer: bytes, *, is_in_place: bool) -> None:
        token = self.token("편집기")
        text = with_line(buffer.decode(), token)
        replaced = file.read_text(encoding="utf-8") if file.exists() else ""
        if is_in_place:
            file.write_text(text, encoding="utf-8")
        else:
            beside = file.with_suffix(".part")
            beside.write_text(text, encoding="utf-8")
            beside.replace(file)
        rest = self.text_of_all()
        self.written -= {each for each in self.written if each in replaced and each not in rest}
        self.written.add(token)

    def person_pulls(self) -> None:
        self.place.git(self.vault, "pull", "--quiet", "--ff-only", fails=True)

    def person_commits(self) -> None:
        name = self.pick().name
        self.place.git(self.vault, "add", "--", name)
        self.place.git(
            self.vault, "commit", "--quiet", "--only", "-m", "by hand", "--", name, fails=True
        )

    def person_brings_the_branches_together(self) -> None:
        self.place.git(self.vault, "pull", "--quiet", "--rebase", fails=True)
        self.place.git(self.vault, "rebase", "--abort", fails=True)

    def other_pushes_a_note(self) -> None:
        token = self.token("남")
        text = f"https://arxiv.org/abs/2601.00001\n\n*Other {token}*\n\n{token}\n\n#rl\n"
        if not self.away:
            self.place.pushes(f"260101 Other {self.tokens}.md", text)

    def other_pushes_a_change(self) -> None:
        name = "260203 Paper 2.md"
        if not self.away:
            self.place.git(self.place.other, "pull", "--quiet", "--rebase")
            text = (self.place.other / name).read_text(encoding="utf-8")
            self.place.pushes(name, with_line(text, self.token("남")), is_fresh=True)

    def remote_goes_or_comes(self) -> None:
        remote, away = self.place.remote, self.place.remote.with_name("away")
        self.away = not self.away
        (remote if self.away else away).rename(away if self.away else remote)

    def bot_tries_again(self) -> None:
        self.place.clock.turn(hours=1)
        self.runner.run(self.place.bot.retry())

    def bot_starts_anew(self) -> None:
        self.place.restart()
        assert self.desk.notes.files is not None
        writer = self.desk.notes.files.writer
        assert isinstance(writer, VaultWriter)
        writer._git = self.place.bot

    def watcher_looks(self) -> None:
        async def once() -> AsyncIterator[WatchEvent]:
            yield WatchEvent.CHANGED

        self.runner.run(self.watcher.follow(once()))

    @invariant()
    def nobody_loses_a_byte(self) -> None:
        text = self.text_of_all()
        assert [token for token in self.written if token not in text] == []

    @invariant()
    def the_repository_is_in_the_middle_of_nothing(self) -> None:
        git = self.vault / ".git"
        assert [name for name in IN_THE_MIDDLE if (git / name).exists()] == []
        assert (git / "HEAD").read_text() == "ref: refs/heads/main\n"
        assert not any(self.vault.glob(".paperbot-*"))
        assert "<<<<<<<" not in self.text_of_all()

    @invariant()
    def what_others_have_not_finished_is_as_they_left_it(self) -> None:
        listed = self.place.git(
            self.vault, "status", "--porcelain", "--", "half.draft", "staged.draft"
        )
        assert listed == "A  staged.draft\n?? half.draft\n"


def test_any_order_of_writing_loses_nothing(tmp_path: Path, interleavings: int) -> None:
    template = tmp_path / "template"
    template.mkdir()
    place = Place(template)
    place.begin()
    for paper in (1, 2):
        text = (
            f"https://arxiv.org/abs/2602.0000{paper}\n\n*Paper {paper}*\n\n처음 글입니다.\n\n#rl\n"
        )
        place.pushes(f"260203 Paper {paper}.md", text)
    place.git(place.vault, "pull", "--quiet")
    (place.vault / "half.draft").write_text("half\n", encoding="utf-8")
    (place.vault / "staged.draft").write_text("staged\n", encoding="utf-8")
    place.git(place.vault, "add", "staged.draft")
    place.move_to_relative()
    Vaults.template = template

    run_state_machine_as_test(
        Vaults,
        settings=settings(
            max_examples=interleavings,
            stateful_step_count=6,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )

    if interleavings >= 100:
        print(Vaults.met)
        assert {"saved", "two versions", "in the moment", "kept"} <= Vaults.met.keys()


@pytest.fixture
def interleavings(pytestconfig: pytest.Config) -> int:
    chosen: int = pytestconfig.getoption("--interleavings")
    return chosen
