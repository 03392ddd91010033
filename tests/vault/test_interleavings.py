"""Forms, an editor, `git pull`, somebody else's clone and the watcher, in any order: nobody loses a byte.

Real Git and real repositories. `--interleavings=1000` goes through a thousand; a run of all tests through few.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.archive.store import entries
from bot.core.domain.document import Document
from bot.core.domain.form import Form
from bot.desk.services.context import NoteFiles
from bot.vault.domain.versions import names
from bot.vault.services import note_file
from bot.vault.services.vault import Vault
from bot.vault.services.vault_watch import WatchEvent
from bot.vault.services.writer import VaultWriter
from tests.databases import throw_away
from tests.desk_stage import Desk
from tests.talk_stage import words
from tests.vault.git_stage import Place

PAPERS = st.integers(1, 2)
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

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="vaults-"))
        self.stack = AsyncExitStack()
        self.runner = asyncio.Runner()
        self.tokens = 0
        self.written: set[str] = set()
        self.forms: list[Form] = []
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
            assert self.place.git(self.vault, "log", "--format=%ce", "origin/main..HEAD") == ""
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
            self.in_the_moment.pop()()
        return note_file.exchange(one, other)

    def token(self, who: str) -> str:
        self.tokens += 1
        return f"{who}{self.tokens}의 글입니다."

    def notes(self) -> list[Path]:
        return sorted(self.vault.glob("*.md"))

    def text_of_all(self) -> str:
        return "".join(file.read_text(encoding="utf-8") for file in self.notes())

    def pick(self, n: int) -> Path:
        notes = self.notes()
        return notes[n % len(notes)]

    @rule(paper=PAPERS)
    def form_is_opened(self, paper: int) -> None:
        command = self.desk.command(f"2602.0000{paper}")
        opened = self.runner.run(
            self.desk.inbox.open_form(command, self.desk.inbox.blank_form(command))
        )
        assert isinstance(opened, Form)
        if not opened.values["paper"].endswith(")"):
            link = f"https://arxiv.org/abs/2602.0000{paper} *Paper {paper}* (Jane Lee)"
            opened = opened.filled({"paper": link, "tags": "rl"})
        self.forms.append(opened)
        self.forms = self.forms[-3:]

    @precondition(lambda self: self.forms)
    @rule(which=st.integers(0, 2))
    def form_is_submitted(self, which: int) -> None:
        form = self.forms.pop(which % len(self.forms))
        token = self.token("양식")
        said = form.values.get("ko", "")
        before = self.text_of_all()
        answer = self.runner.run(self.desk.submits(form, ko=f"{said}\n\n{token}".strip()))
        self.in_the_moment.clear()
        if isinstance(answer, Form):
            assert token in answer.values["ko"]
            return
        assert isinstance(answer, Document)
        assert token in self.text_of_all(), words(answer)
        self.written.add(token)
        if "was changed meanwhile" in words(answer):
            new = [each for each in self.notes() if token in each.read_text(encoding="utf-8")]
            [ours] = new
            [theirs] = [each for each in self.notes() if names(each.read_bytes(), ours.stem)]
            assert names(ours.read_bytes(), theirs.stem)
        assert all(token in self.text_of_all() for token in self.written if token in before)

    @precondition(lambda self: self.notes())
    @rule(n=st.integers(0, 5))
    def editor_opens(self, n: int) -> None:
        file = self.pick(n)
        self.buffers[file] = file.read_bytes()

    @precondition(lambda self: self.buffers)
    @rule(n=st.integers(0, 5), is_in_place=st.booleans())
    def editor_saves(self, n: int, *, is_in_place: bool) -> None:
        """Also what was opened long ago: an editor asks nobody."""
        file = sorted(self.buffers)[n % len(self.buffers)]
        self.save(file, self.buffers.pop(file), is_in_place=is_in_place)

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

    @rule(is_in_place=st.booleans(), twice=st.booleans())
    def editor_will_save_in_the_moment(self, *, is_in_place: bool, twice: bool) -> None:
        def save() -> None:
            file = self.pick(self.tokens)
            self.save(file, file.read_bytes(), is_in_place=is_in_place)

        self.in_the_moment = [save] * (2 if twice else 1)

    @rule()
    def person_will_pull_in_the_moment(self) -> None:
        self.in_the_moment = [self.person_pulls]

    @rule()
    def person_pulls(self) -> None:
        self.place.git(self.vault, "pull", "--quiet", "--ff-only", fails=True)

    @precondition(lambda self: self.notes())
    @rule(n=st.integers(0, 5))
    def person_commits(self, n: int) -> None:
        name = self.pick(n).name
        self.place.git(self.vault, "add", "--", name)
        self.place.git(
            self.vault, "commit", "--quiet", "--only", "-m", "by hand", "--", name, fails=True
        )

    @rule()
    def person_brings_the_branches_together(self) -> None:
        self.place.git(self.vault, "pull", "--quiet", "--rebase", fails=True)
        self.place.git(self.vault, "rebase", "--abort", fails=True)

    @precondition(lambda self: not self.away)
    @rule(paper=PAPERS, is_new=st.booleans())
    def other_pushes(self, paper: int, *, is_new: bool) -> None:
        self.place.git(self.place.other, "pull", "--quiet", "--rebase")
        notes = sorted(self.place.other.glob("*.md"))
        token = self.token("남")
        if is_new or not notes:
            name = f"260101 Other {self.tokens}.md"
            text = f"https://arxiv.org/abs/2601.0000{paper}\n\n*Other {paper}*\n\n{token}\n\n#rl\n"
        else:
            name = notes[paper % len(notes)].name
            text = with_line((self.place.other / name).read_text(encoding="utf-8"), token)
        self.place.pushes(name, text, is_fresh=True)

    @rule()
    def remote_goes_or_comes(self) -> None:
        remote, away = self.place.remote, self.place.remote.with_name("away")
        self.away = not self.away
        (remote if self.away else away).rename(away if self.away else remote)

    @rule()
    def bot_tries_again(self) -> None:
        self.place.clock.turn(hours=1)
        self.runner.run(self.place.bot.retry())

    @rule()
    def bot_starts_anew(self) -> None:
        self.place.restart()
        assert self.desk.notes.files is not None
        writer = self.desk.notes.files.writer
        assert isinstance(writer, VaultWriter)
        writer._git = self.place.bot

    @rule()
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
        listed = self.place.git(self.vault, "status", "--porcelain", "--", "half.txt", "staged.txt")
        assert listed == "A  staged.txt\n?? half.txt\n"


def test_any_order_of_writing_loses_nothing(tmp_path: Path, interleavings: int) -> None:
    template = tmp_path / "template"
    template.mkdir()
    place = Place(template)
    place.begin()
    (place.vault / "half.txt").write_text("half\n", encoding="utf-8")
    (place.vault / "staged.txt").write_text("staged\n", encoding="utf-8")
    place.git(place.vault, "add", "staged.txt")
    place.move_to_relative()
    Vaults.template = template

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Vaults,
        settings=settings(
            max_examples=interleavings,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def interleavings(pytestconfig: pytest.Config) -> int:
    chosen: int = pytestconfig.getoption("--interleavings")
    return chosen
