"""What an operator types, what comes out where, and with which exit status."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pytest

from bot import samples
from bot.arxiv.ranking.worker import is_installed
from bot.cli import main
from bot.cli.output.terminal import print_error_line
from bot.outbox.domain.delivery import REFUSED
from bot.settings import setting_names
from tests.archive_stage import write_notes
from tests.conftest import ROOT


class Ran(NamedTuple):
    """What one command line did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is one JSON value."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The program, in an empty folder and without any setting."""
    for name in (*setting_names(), "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Ran:
        status = main([str(argument) for argument in arguments])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def archive(run: Run) -> Run:
    """The program, with the bundled samples imported."""
    assert run("import", samples.PAGE).status == 0
    return run


def test_the_program_says_its_version(run: Run):
    ran = run("--version")

    assert (ran.status, ran.out.split()[0], ran.err) == (0, "paperbot", "")


def test_without_a_command_the_help_is_shown(run: Run):
    ran = run()

    assert (ran.status, ran.err) == (2, "")
    assert "Usage: paperbot" in ran.out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "export --format x",
            "--format must be one of vault, digest, jsonl, bibtex, csl, ris, not “x”",
        ),
        (
            "deliveries --state lost",
            "--state must be one of planned, sending, sent, held, dead, not “lost”",
        ),
        ("lookup --limit x", "--limit must be a whole number, not “x”"),
        ("lookup --limit 0", "--limit must be 1 or more, not “0”"),
        ("demo --port 70000", "--port must be 65535 or less, not “70000”"),
    ],
)
def test_a_wrong_value_of_an_option_is_told_in_our_words(line: str, says: str, run: Run):
    ran = run(*line.split())

    assert ran == (2, "", f"paperbot: {says}\n")


def test_a_wrong_value_of_an_option_is_told_in_the_operators_language(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")

    ran = run("lookup", "--limit", "x")

    assert ran.err == "paperbot: --limit 값은 정수여야 합니다: “x”\n"


@pytest.mark.parametrize(
    "arguments", [["--nope"], ["nope"], ["import"], ["digest", "--as", "nope"]]
)
def test_wrong_usage_is_one_line_and_status_2(arguments: list[str], run: Run):
    ran = run(*arguments)

    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("paperbot: ")


def test_an_error_message_is_one_line_even_if_it_quotes_line_breaks(
    capsys: pytest.CaptureFixture[str],
):
    print_error_line("two\nlines", "notes/a.md:3")

    assert capsys.readouterr().err == "notes/a.md:3: two lines\n"


def test_every_wrong_setting_is_one_line_and_status_2(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PAPERBOT_WEB_PORT", "x")
    monkeypatch.setenv("PAPERBOT_TIMEZONE", "y")

    ran = run("digest")

    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--help", "다이제스트를 지금 예약합니다. 실행 중인 봇이 몇 초 안에 올리며"),
        ("post -h", "두 번 올리지 않습니다."),
        ("channel add --help", "다이제스트를 올리는 현지 시각."),
        ("database move -h", "원본은 그대로입니다."),
    ],
)
def test_help_is_in_the_language_of_the_terminal(
    line: str, says: str, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")

    ran = run(*line.split())

    assert (ran.status, ran.err) == (0, "")
    assert says in " ".join(ran.out.split())
    assert "…" not in ran.out
    assert "..." not in ran.out.partition("\n\n")[2]


def test_the_help_that_is_shown_without_a_command_is_in_the_language_of_the_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")

    ran = run()

    assert (ran.status, ran.err) == (2, "")
    assert "몇 초 안에 올리며, 같은 것을 두 번 올리지 않습니다." in " ".join(ran.out.split())


def test_errors_are_in_the_language_of_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")

    ran = run("digest", "some day")

    assert ran.status == 2
    assert "날짜" in ran.err


def test_python_m_bot_is_paperbot(root: Path):
    result = subprocess.run(
        [sys.executable, "-m", "bot", "--version"],
        capture_output=True,
        check=False,
        cwd=root,
        text=True,
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("paperbot ")


def test_output_that_nobody_reads_to_its_end_is_no_traceback(archive: Run, root: Path):
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "digest", "2026-11-20", "--as", "html"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},  # noqa: TID251 - handed on to the process
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        error = process.stderr.read()

    assert error == b""


def test_an_import_says_what_it_found_as_json(run: Run):
    ran = run("import", samples.PAGE, "--json")

    assert (ran.status, ran.err) == (0, "")
    assert ran.json == {
        "files": 1,
        "entries": {"new": 12, "updated": 0, "unchanged": 0},
        "papers": 12,
        "references": 7,
        "links": 0,
        "tags": 19,
        "problems": [],
    }


def test_a_second_import_changes_nothing(archive: Run):
    ran = archive("import", samples.PAGE, "--json")

    assert ran.json["entries"] == {"new": 0, "updated": 0, "unchanged": 12}


def test_a_dry_run_writes_nothing(run: Run):
    dry = run("import", samples.PAGE, "--dry-run", "--json")
    real = run("import", samples.PAGE, "--json")

    assert dry.json == real.json


def test_an_import_is_summed_up_for_people(run: Run):
    ran = run("import", samples.PAGE)

    assert "12 new" in ran.out
    assert ran.err == ""


def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(run: Run, tmp_path: Path):
    junk = tmp_path / "junk.md"
    junk.write_bytes(b"\x00\x01\x02\xff")

    ran = run("import", junk, "nowhere.md", samples.PAGE, "--json")

    assert ran.status == 1
    assert ran.json["entries"]["new"] == 12
    assert [problem["path"] for problem in ran.json["problems"]] == ["nowhere.md", str(junk)]
    assert {problem["severity"] for problem in ran.json["problems"]} == {"error"}


def test_lint_names_what_is_wrong_and_writes_nothing(run: Run, tmp_path: Path):
    junk, note = tmp_path / "junk.md", tmp_path / "250204 Untitled.md"
    junk.write_bytes(b"\x00\x01\x02\xff")
    note.write_text("https://arxiv.org/abs/2501.18965\n\n좋은 글입니다.\n", encoding="utf-8")

    alone = run("lint", note)
    ran = run("lint", note, junk, "--json")
    run("import", samples.PAGE)
    beside = run("lint", samples.PAGE, note)

    assert (alone.status, alone.out) == (0, "1 file: 0 errors, 1 warning.\n")
    assert f"{note}: warning: this note has no title" in alone.err
    assert ran.status == 1
    assert [(found["severity"], found["kind"]) for found in ran.json["problems"]] == [
        ("error", ""),
        ("warning", "no title"),
    ]
    assert not [line for line in beside.err.splitlines() if str(note) not in line]
    assert run("lookup", "2501.18965", "--json").json == []


def test_tags_are_counted_merged_and_split(run: Run, tmp_path: Path):
    for day, tag in enumerate(("pretraining", "pretraining", "pre-training"), start=1):
        note = tmp_path / f"25020{day} N{day}.md"
        note.write_text(f"*N{day}* (A B)\n\n좋은 글입니다.\n\n#{tag}\n", encoding="utf-8")
    run("import", tmp_path)

    before = run("tags")
    merged = run("tags", "merge", "#pre-training", "pretraining")
    after = run("tags", "--json")
    again = run("tags", "merge", "pretraining", "pre-training")
    split = run("tags", "split", "pre-training")

    assert before.out.split() == ["2", "#pretraining", "1", "#pre-training"]
    assert "“paperbot tags merge pre-training pretraining” makes them one" in before.err
    assert (merged.status, merged.out) == (0, "#pretraining: 3 entries.\n")
    assert after.json == {
        "tags": [{"tag": "pretraining", "entries": 3, "merged": ["pre-training"]}],
        "near": [],
    }
    assert (again.status, again.out) == (2, "")
    assert "already" in again.err
    assert split.out == "#pre-training: 1 entry.\n"


def test_the_same_problems_are_lines_for_people(run: Run, tmp_path: Path):
    junk = tmp_path / "junk.md"
    junk.write_bytes(b"\x00\x01\x02\xff")

    ran = run("import", junk)

    assert ran.status == 1
    assert ran.err.startswith(f"{junk}:1: error: ")
    assert ran.err.count("\n") == 1


def test_problems_are_told_in_the_operators_language_and_to_scripts_in_english(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    note = tmp_path / "A note.md"
    note.write_text("---\ntags: [rl\n---\nhttps://arxiv.org/abs/9913.12345\n\nWords.\n")
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")

    scripts = run("import", note, "--dry-run", "--json").json
    ran = run("import", note, tmp_path / "gone")

    gone, unreadable, wrong, undated = ran.err.splitlines()
    assert gone == f"{tmp_path / 'gone'}: 오류: 그런 파일이나 폴더가 없습니다"
    assert unreadable.startswith(
        f"{note}:3: 경고: 프런트 매터를 YAML로 읽을 수 없어 무시했습니다: "
    )
    assert wrong == f"{note}:4: 경고: arXiv ID가 아닙니다: https://arxiv.org/abs/9913.12345"
    assert undated.startswith(f"{note}: 경고: 날짜가 없어 다이제스트에 들어가지 않습니다.")
    messages = [each["message"] for each in scripts["problems"]]
    assert "https://arxiv.org/abs/9913.12345 is not an arXiv id" in messages
    assert messages[-1].startswith("there is no date, so this is in no digest")


def test_standard_input_can_be_imported(root: Path, tmp_path: Path):
    result = subprocess.run(
        [sys.executable, "-m", "bot", "import", "-", "--json"],
        input=samples.PAGE.read_bytes(),
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},  # noqa: TID251 - handed on to the process
    )

    assert result.returncode == 0
    assert json.loads(result.stdout)["entries"]["new"] == 12


def test_a_port_that_is_taken_is_one_line(root: Path, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "bot", "demo", "--port", str(port)],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(root), "LANG": "C"},  # noqa: TID251 - as above
            text=True,
        )

    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert f"port {port} is in use" in result.stderr


def test_a_command_before_any_import_says_what_to_do(run: Run):
    ran = run("digest", "2026-11-20")

    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "run “paperbot import PATH” first" in ran.err


def test_a_day_is_shown_as_it_would_be_posted(archive: Run):
    ran = archive("digest", "2026-11-20")

    assert (ran.status, ran.err) == (0, "")
    assert "Friday, 20 November 2026" in ran.out
    assert "모델이 스스로 풀이 과정을 적기 시작하고" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("slack", {"text", "blocks", "without_picture"}),
        ("discord", {"content", "embeds", "rows", "picture", "calls"}),
    ],
)
def test_a_day_is_shown_as_a_platform_would_get_it(form: str, names: set[str], archive: Run):
    ran = archive("digest", "2026-11-20", "--as", form)

    assert ran.status == 0
    assert len(ran.json) >= 6
    assert {name for payload in ran.json for name in payload} == names


def test_a_day_is_shown_as_html(archive: Run):
    ran = archive("digest", "2026-11-20", "--as", "html")

    assert ran.out.count("<article>") == 6


def test_a_day_without_entries_says_so(archive: Run):
    ran = archive("digest", "2001-01-01")

    assert ran.status == 0
    assert "nothing" in ran.out


def test_a_channel_that_is_not_subscribed_is_an_error(archive: Run):
    ran = archive("digest", "--channel", "web:general")

    assert (ran.status, ran.err.count("\n")) == (1, 1)


def test_a_tag_alone_finds_what_has_it(archive: Run):
    ran = archive("lookup", "reasoning")

    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert [line.split("  ")[2].split(" #")[0] for line in lines] == [
        "Chain-of-Thought Prompting Elicits Reasoning in Large Language Models",
        "Self-Consistency Improves Chain of Thought Reasoning in Language Models",
        "Let's Verify Step by Step",
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (["보상 모델"], {"2305.20050", "2305.18290"}),
        (["author:lee"], {"2305.20050"}),
        (["cites:1706.03762"], {"2312.00752", "1412.6980"}),
        (["#rl", "-#reasoning"], {"2305.18290", "2203.02155"}),
        (["-#lm", "#efficiency"], {"2205.14135"}),
        (['"majority voting"'], {"2305.20050"}),
        (["https://arxiv.org/abs/2001.08361v2"], {"2001.08361"}),
        (["date:2026-11-17"], {"1706.03762", "1412.6980"}),
        (["nonsense"], set()),
    ],
)
def test_a_look_up_as_json_is_a_list_of_entries(query: list[str], found: set[str], archive: Run):
    ran = archive("lookup", *query, "--json")

    assert ran.status == 0
    assert {entry["arxiv_id"] for entry in ran.json} == found


def test_an_export_goes_where_a_link_leads_and_the_link_stays(archive: Run, tmp_path: Path):
    link, behind = tmp_path / "latest.jsonl", tmp_path / "real.jsonl"
    for _ in range(2):  # the file is made, and replaced
        link.unlink(missing_ok=True)
        link.symlink_to("real.jsonl")
        ran = archive("export", "--format", "jsonl", "--out", link)

        assert (ran.status, ran.err) == (0, "")
        assert link.readlink() == Path("real.jsonl")
        assert len(behind.read_text(encoding="utf-8").splitlines()) == 12


def test_an_export_into_what_is_no_file_replaces_nothing(archive: Run, tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = subprocess.Popen(["/bin/cat", str(pipe)], stdout=subprocess.PIPE)

    ran = archive("export", "--format", "jsonl", "--out", pipe)

    assert (ran.status, ran.err) == (0, "")
    out, _ = reading.communicate(timeout=60)
    assert out.count(b"\n") == 12
    assert pipe.is_fifo()


def test_an_export_that_a_pipe_does_not_read_on_ends_in_one_line(archive: Run, tmp_path: Path):
    ran = archive("export", "--format", "jsonl", "--out", "/dev/full")

    assert ran.status != 0
    assert ran.err.startswith("/dev/full: The file cannot be written")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        "deliveries retry 99999999999999999999",
        "deliveries drop 99999999999999999999",
        "deliveries --limit 99999999999999999999999",
        "review web:general --hold 99999999999999999999",
        "review web:general --release 99999999999999999999",
        "review web:general --move 99999999999999999999 1",
        "tags split \udcff",
        "tags merge \udcff rl",
        "slack remove \udcff",
        "channel add web:\udcff",
        "post --channel web:\udcff",
        "deliveries --channel web:\udcff",
        "export --out \udcff/x.jsonl",
        "backup \udcff/x.db",
        "restore \udcff",
        "import \udcff",
    ],
)
def test_what_no_database_takes_is_refused_in_one_line(archive: Run, line: str):
    archive("channel", "add", "web:general")

    ran = archive(*line.split())

    assert ran.status in {1, 2}, ran.out
    assert ran.err.count("\n") == 1


def test_a_look_up_can_be_limited_and_says_that_there_is_more(archive: Run):
    ran = archive("lookup", "reasoning", "--limit", 2)

    assert ran.out.count("\n") == 2
    assert "2 of 3" in ran.err


def test_a_near_miss_is_asked_about(archive: Run):
    ran = archive("lookup", "resoning")

    assert (ran.status, ran.out) == (0, "")
    assert "Did you mean reasoning?" in ran.err


def test_a_query_that_does_not_parse_is_wrong_usage(archive: Run):
    ran = archive("lookup", "date:soon")

    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("name", ["2203.11171", "arXiv:2203.11171v4", "arxiv.org/abs/2203.11171"])
def test_an_entry_is_shown_by_the_names_of_its_paper(name: str, archive: Run):
    ran = archive("show", name, "--json")

    assert ran.status == 0
    assert ran.json["title"].startswith("Self-Consistency")
    assert archive("show", ran.json["id"], "--json").json == ran.json


def test_the_json_of_an_entry_has_the_documented_form(archive: Run):
    entry = archive("show", "2203.11171", "--json").json

    assert set(entry) == {
        *("id", "date", "title", "authors", "arxiv_id", "url", "abstract", "commentary"),
        *("tags", "references", "links", "source", "changed_at", "likes"),
    }
    assert entry["date"] == "2026-11-20"
    assert entry["url"] == "https://arxiv.org/abs/2203.11171"
    assert set(entry["commentary"]) == {"ko", "en"}
    assert entry["commentary"]["ko"].count("\n\n") == 1
    assert entry["tags"] == ["reasoning", "inference-time-scaling"]
    assert [set(reference) for reference in entry["references"]] == [{"arxiv_id", "url", "title"}]
    assert entry["source"] == {"kind": "digest_page", "path": "entries.txt"}


def test_an_entry_is_shown_for_people_with_who_cites_it(archive: Run):
    ran = archive("show", "2201.11903")

    assert "Ed Chi" in ran.out
    assert "Cited by" in ran.out
    assert "Self-Consistency" in ran.out


@pytest.mark.parametrize("name", ["999", "2501.00001", "nonsense"])
def test_a_missing_entry_is_reported_in_one_line(name: str, archive: Run):
    ran = archive("show", name)

    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)


def test_an_export_is_imported_unchanged(archive: Run, tmp_path: Path):
    ran = archive("export", "--format", "digest", "--out", tmp_path / "out.txt")

    text = (tmp_path / "out.txt").read_text(encoding="utf-8")
    assert (ran.status, ran.out) == (0, "")
    for title in ("Attention Is All You Need", "Let's Verify Step by Step"):
        assert title in text
    assert archive("import", tmp_path / "out.txt", "--dry-run").status == 0


def test_json_lines_are_entries_as_show_prints_them(archive: Run):
    lines = archive("export", "--format", "jsonl", "reasoning").out.splitlines()

    entries = [json.loads(line) for line in lines]
    assert len(entries) == 3
    shown = archive("show", entries[0]["id"], "--json").json
    assert shown == {**entries[0], "likes": 0}


def test_json_lines_may_have_the_discussion_and_no_other_format_has_it(
    archive: Run, tmp_path: Path
):
    plain = archive("export", "--format", "jsonl", "reasoning").out.splitlines()
    lines = archive("export", "--format", "jsonl", "--with", "discussion", "reasoning").out
    wrong = archive("export", "--format", "ris", "--with", "discussion")
    (tmp_path / "all.jsonl").write_text(f"{lines}{{}}\n", encoding="utf-8")
    read_back = archive("import", tmp_path / "all.jsonl")

    for line, short in zip(lines.splitlines(), plain, strict=True):
        form = json.loads(line)
        beside = ("arxiv", "as_written", "replies", "reactions")
        assert form == json.loads(short) | {key: form[key] for key in beside}
        assert (form["replies"], form["reactions"]) == ([], [])
    assert f"0 new, 0 updated, {len(plain)} unchanged, from 1 file" in read_back.out
    assert f"all.jsonl:{len(plain) + 1}: error: “title” is missing" in read_back.err
    assert read_back.status == 1
    assert (wrong.status, wrong.out, wrong.err.count("\n")) == (2, "", 1)


def test_a_bibliography_goes_to_standard_output(archive: Run):
    ran = archive("export", "--format", "bibtex", "#optimizer")

    assert ran.out.count("@misc{") == 1
    assert "1412.6980" in ran.out


def test_a_vault_needs_an_empty_folder(archive: Run, tmp_path: Path):
    nowhere = archive("export", "--format", "vault")
    written = archive("export", "--format", "vault", "--out", tmp_path / "vault")
    again = archive("export", "--format", "vault", "--out", tmp_path / "vault")

    assert (nowhere.status, written.status, again.status) == (2, 0, 2)
    assert len(list((tmp_path / "vault").rglob("*.md"))) == 12


def test_a_file_that_cannot_be_written_is_one_line(archive: Run, tmp_path: Path):
    (tmp_path / "folder").mkdir()
    for out in (tmp_path / "nowhere" / "x.jsonl", tmp_path / "folder"):
        ran = archive("export", "--format", "jsonl", "--out", out)

        assert (ran.status, ran.err.count("\n")) == (1, 1)
        assert ran.err.startswith(f"{out}: The file cannot be written (")
    assert list(tmp_path.glob(".folder*")) == []


def test_a_bounced_message_that_is_not_there_is_named(archive: Run, tmp_path: Path):
    ran = archive("mail", "bounced", tmp_path / "gone.eml")

    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert f"“{tmp_path / 'gone.eml'}” is neither a file nor an e-mail address" in ran.err


def test_a_channel_is_subscribed_changed_and_removed(archive: Run):
    added = archive("channel", "add", "web:reading group", "--at", "9:00", "--tz", "asia/seoul")
    changed = archive(
        "channel", "change", "web:reading group", "--weekdays", "mon-fri", "--tags", "#rl"
    )
    public = archive("channel", "change", "web:reading-group", "--public", "on")
    wrong = archive("channel", "change", "web:reading-group", "--public", "yes", "--tags", "#moe")
    listed = archive("channel", "list", "--json")
    told = archive("deliveries", "--json").json
    removed = archive("channel", "remove", "web:reading-group")

    assert [added.status, changed.status, removed.status] == [0, 0, 0]
    assert removed.out == "web:reading-group: the subscription is removed.\n"
    (form,) = listed.json
    assert form["channel"] == "web:reading-group"
    assert (form["at"], form["tz"], form["weekdays"]) == ("09:00", "Asia/Seoul", "mon-fri")
    assert (form["tags"], form["standing"]) == ("#rl", "active")
    assert "public:on" in public.out
    assert form["public_since"] is not None
    assert (wrong.status, wrong.err.count("\n")) == (2, 1)
    assert [each["part"] for each in told] == ["notice"]
    assert archive("channel", "list", "--json").json == []


def test_an_import_shows_some_warnings_of_each_kind_and_what_is_posted_when(
    archive: Run, tmp_path: Path
):
    archive("channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(12):
        (notes / f"Note {number}.md").write_text(f"*Title {number}* (A B)\n\nA text.\n")
    (notes / "170203 Old.md").write_text("*Old* (A B)\n\nA text.\n")

    shown = archive("import", notes)
    again = archive("import", notes, "--dry-run")
    as_json = archive("import", notes, "--dry-run", "--json")

    assert shown.status == 0
    assert shown.err.count("there is no date") == 10
    assert "2 more warnings of this kind: no date. --json has all." in shown.err
    assert "1 paper is of a day that is past in web:general" in shown.out
    assert "13 unchanged" in again.out
    assert again.err == ""
    assert set(as_json.json) == {
        *("files", "entries", "papers", "references", "links", "tags", "problems"),
    }


def test_managers_of_a_channel_are_named_by_id_and_removed(archive: Run):
    archive("channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")
    visitor = "0123456789abcdef"

    named = archive("channel", "managers", "web:general", "--add", f"@{visitor}")
    listed = archive("channel", "managers", "web:general", "--json")
    by_name = archive("channel", "managers", "web:general", "--add", "Ada")
    removed = archive("channel", "managers", "web:general", "--remove", visitor)
    elsewhere = archive("channel", "managers", "web:generol")

    assert named.out == f"{visitor}\n"
    assert listed.json == [{"id": visitor, "name": ""}]
    assert by_name.status != 0
    assert "anybody can choose" in by_name.err
    assert removed.out == "Nobody else is named.\n"
    assert "did you mean web:general" in elsewhere.err


def test_a_channel_is_paused_and_resumed(archive: Run):
    archive("channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")

    assert "paused" in archive("channel", "pause", "web:general").out
    assert "active" in archive("channel", "resume", "web:general").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "general", "--at", "09:00", "--tz", "UTC"],
        ["add", "web:general", "--at", "25:00", "--tz", "UTC"],
        ["add", "web:general", "--at", "09:00", "--tz", "Asia/Soul"],
        ["add", "web:general", "--at", "09:00"],
        ["add", "web:general", "--at", "09:00", "--tz", "UTC", "--tags", "author:lee"],
        ["add", "web:general", "--at", "09:00", "--tz", "UTC", "--since", "2025-02-30"],
        ["add", "slack:C0123", "--at", "09:00", "--tz", "UTC"],
        ["add", "discord:123", "--at", "09:00", "--tz", "UTC"],
    ],
)
def test_a_wrong_subscription_is_one_clear_line_and_nothing_is_done(
    arguments: list[str], archive: Run
):
    ran = archive("channel", *arguments)

    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert archive("channel", "list", "--json").json == []


def test_all_wrong_options_are_named_at_once(archive: Run):
    added = archive(
        *("channel", "add", "web:general", "--at", "9", "--tz", "UTC"),
        *("--layout", "wide", "--languages", "fr", "--since", "soon"),
    )

    assert (added.status, added.out) == (2, "")
    assert added.err.count("\n") == 4
    for words in ("write 09:00 or 21:00", "“wide” is not a layout", "“fr”", "“soon” is not a date"):
        assert words in added.err


def test_options_and_dates_are_understood_as_people_write_them(archive: Run):
    words = ["--at", "오후 6시 30분", "--weekdays", "every weekday", "--since", "yesterday"]
    added = archive("channel", "add", "web:general", "--tz", "UTC", *words)
    (form,) = archive("channel", "list", "--json").json
    newest = archive("lookup", "--json", "date:newest").json
    shown = archive("digest", "newest")
    posted = archive("post", "newest", "--channel", "web:general")

    assert added.status == 0
    assert (form["at"], form["weekdays"]) == ("18:30", "mon-fri")
    assert {entry["date"] for entry in newest} == {archive("lookup", "--json").json[0]["date"]}
    assert newest[0]["title"] in shown.out
    assert posted.status == 0
    assert archive("candidates", "2 days ago").status == 0
    assert archive("digest", "some day").status == 2


def test_a_preview_for_a_channel_is_in_its_languages_and_layout(archive: Run):
    archive("channel", "add", "web:general", "--at", "09:00", "--tz", "UTC", "--languages", "ko")
    archive("channel", "change", "web:general", "--layout", "compact", "--tags", "#rl")

    ran = archive("digest", "2026-11-20", "--channel", "web:general", "--as", "html")

    assert ran.out.count("<article>") == 1
    assert "논문 2편" in ran.out


def test_a_channel_is_given_a_layout_and_the_time_of_its_intros(archive: Run):
    plain = archive("channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")
    changed = archive("channel", "change", "web:general", "--layout", "thread", "--intro", "later")
    [listed] = archive("channel", "list", "--json").json
    shown = archive("digest", "2026-11-20", "--channel", "web:general", "--as", "html")
    wrong = archive("channel", "change", "web:general", "--intro", "soon")

    assert "papers" in plain.out
    assert "thread" in changed.out
    assert "intro:later" in changed.out
    assert (listed["layout"], listed["intro"]) == ("thread", "later")
    assert shown.out.count("<article>") == 6
    assert wrong.status == 2
    assert "intro:on, intro:later or intro:off" in wrong.err


def test_a_digest_posted_by_hand_waits_in_the_outbox(archive: Run):
    posted = archive("post", "2026-11-20", "--channel", "web:general")
    again = archive("post", "2026-11-20", "--channel", "web:general")
    waiting = archive("deliveries", "--state", "planned", "--json")

    assert (posted.status, again.status) == (0, 1)
    papers = [one["part"] for one in waiting.json if one["part"].count("-") == 1]
    openings = [one["part"] for one in waiting.json if one["part"].endswith("-opening")]
    assert waiting.json[0]["part"] == "header"
    assert len(papers) == 5
    assert set(openings) <= {f"{paper}-opening" for paper in papers}


def test_a_mistyped_channel_of_the_web_chat_is_an_error_of_post(archive: Run):
    archive("channel", "add", "web:papers", "--at", "09:00", "--tz", "UTC")

    posted = archive("post", "2026-11-20", "--channel", "web:paper")
    again = archive("post", "2026-11-20", "--channel", "web:paper")

    assert (posted.status, posted.out, again) == (1, "", posted)
    assert posted.err == (
        "paperbot: The web chat has no channel “paper”, but general, papers: correct the name, or "
        "subscribe a new channel with “paperbot channel add”\n"
    )


def test_a_delivery_is_dropped_and_tried_again(archive: Run):
    archive("post", "2026-11-20", "--channel", "web:general")

    dropped = archive("deliveries", "drop", 2)
    retried = archive("deliveries", "retry", 2)
    unknown = archive("deliveries", "retry", 99)

    assert "dead" in dropped.out
    assert "planned" in retried.out
    assert (unknown.status, unknown.err.count("\n")) == (1, 1)


def test_the_doctor_says_why_a_subscription_has_stopped(archive: Run, tmp_path: Path):
    archive("channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")
    with closing(sqlite3.connect(tmp_path / "data" / "paperbot.db")) as database, database:
        database.execute(
            "UPDATE subscription SET standing = 'refused', reason = ?, detail = 'it is archived'",
            (REFUSED,),
        )

    ran = archive("doctor")

    assert ran.out.splitlines()[-1] == (
        "WRONG  web:general: The platform refuses it: it is archived. Fix it, then run: "
        "paperbot channel resume web:general"
    )


def test_an_empty_outbox_says_so(archive: Run):
    for_people = archive("deliveries", "--failing")
    for_scripts = archive("deliveries", "--failing", "--json")

    assert (for_people.status, for_people.out) == (0, "")
    assert for_people.err == "No deliveries found.\n"
    assert (for_scripts.json, for_scripts.err) == ([], "")


UNLINKED = """2026-11-20

Small Kernels Everywhere
(Dora Beispiel)
커널에 대한 생각. https://arxiv.org/abs/2501.00001
#kernel

Large Kernels Nowhere
(Dora Beispiel)
https://arxiv.org/abs/2501.00002
다른 커널에 대한 생각.
#kernel
"""


@pytest.fixture
def unlinked(run: Run, tmp_path: Path) -> Run:
    """The program, with an entry without a link, and one with."""
    page = tmp_path / "2026-11-20.txt"
    page.write_text(UNLINKED, encoding="utf-8")
    assert run("import", page).status == 0
    return run


def test_a_paper_is_named_by_hand_and_left_open_again(unlinked: Run):
    before = unlinked("identify", 1)
    named = unlinked("identify", 1, "arXiv:2501.00003v2")
    shown = unlinked("show", 1)
    by_number = unlinked("show", "2501.00003", "--json")
    left = unlinked("identify", 1, "--open")
    after = unlinked("show", 1, "--json")

    assert [ran.status for ran in (before, named, shown, left, after)] == [0] * 5
    assert "not known yet" in before.out
    assert named.out == "Its paper is arXiv 2501.00003, set by hand\n"
    assert named.out in shown.out
    assert by_number.json["title"] == "Small Kernels Everywhere"
    assert "no arXiv paper" in left.out
    assert after.json["arxiv_id"] is None
    assert "no arXiv paper" in unlinked("show", 1).out
    assert unlinked("show", "2501.00003").status == 1


def test_a_paper_named_by_hand_is_one_with_that_of_another_entry_until_it_is_not(unlinked: Run):
    unlinked("identify", 1, "2501.00002")
    together = unlinked("show", 1)
    unlinked("identify", 1, "2501.00001")
    apart = unlinked("show", 1)

    assert "Large Kernels Nowhere" in together.out
    assert "Large Kernels Nowhere" not in apart.out
    assert unlinked("show", 1, "--json").json["arxiv_id"] == "2501.00001"
    assert unlinked("show", 2, "--json").json["arxiv_id"] == "2501.00002"
    assert unlinked("show", 2, "--json").json["title"] == "Large Kernels Nowhere"


def test_what_was_named_by_hand_survives_another_import(unlinked: Run, tmp_path: Path):
    unlinked("identify", 1, "2501.00003")
    page = tmp_path / "2026-11-20.txt"
    page.write_text(
        UNLINKED.replace("커널에 대한 생각. h", "커널에 대한 새 생각. h"), encoding="utf-8"
    )

    assert unlinked("import", page, "--json").json["entries"]["updated"] == 1
    assert unlinked("show", 1, "--json").json["arxiv_id"] == "2501.00003"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((2, "2501.00009"), 2, "links to its paper itself"),
        ((2, "--open"), 2, "links to its paper itself"),
        ((1, "nothing"), 2, "not an arXiv id"),
        ((1, "2501.00009", "--open"), 2, "either"),
        ((9,), 1, "no entry 9"),
    ],
)
def test_an_entry_that_cannot_be_identified_is_reported(
    arguments: tuple[object, ...], status: int, words: str, unlinked: Run
):
    ran = unlinked("identify", *arguments)

    assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1)
    assert words in ran.err
    assert "itself" in unlinked("identify", 2).out


@pytest.mark.skipif(not is_installed(), reason="the extra `rank` is not installed")
def test_why_new_papers_are_not_ranked_is_told_in_the_language_of_the_terminal(
    archive: Run, monkeypatch: pytest.MonkeyPatch
):
    english = archive("candidates")
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    korean = archive("candidates")

    assert (english.status, korean.status) == (0, 0)
    assert english.err.startswith("Not ranked: papers with an entry: 12, without: 0")
    assert korean.err.startswith("순위를 매기지 않았습니다: 글이 있는 논문 12편")


def test_a_backup_is_a_whole_database(
    archive: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ran = archive("backup", tmp_path / "copy.db")
    monkeypatch.setenv("PAPERBOT_DATABASE", f"sqlite:///{tmp_path}/copy.db")

    assert ran.status == 0
    assert archive("import", samples.PAGE, "--json").json["entries"]["unchanged"] == 12


def test_the_doctor_finds_nothing_wrong_with_a_new_bot(run: Run):
    ran = run("doctor", "--json")

    assert ran.status == 0
    assert all(finding["ok"] for finding in ran.json)
    assert run("doctor").out.count("\n") == len(ran.json)


@pytest.mark.parametrize(("curators", "is_told"), [("", True), ("slack:T0123/U0123", False)])
def test_the_doctor_says_who_may_write_notes_where_anybody_can_add_the_app(
    curators: str, is_told: bool, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "c3")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "s3cret")
    monkeypatch.setenv("PAPERBOT_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("PAPERBOT_CURATORS", curators)

    ran = run("doctor", "--json")

    found = [each["ok"] for each in ran.json if each["subject"] == "PAPERBOT_CURATORS"]
    assert found == [True] * is_told


@pytest.mark.parametrize(("mode", "is_told"), [(0o644, True), (0o604, True), (0o640, False)])
def test_the_doctor_tells_of_secrets_that_everybody_can_read(
    mode: int, is_told: bool, run: Run, tmp_path: Path
):
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-1\nSLACK_SIGNING_SECRET=s3cret\n")
    (tmp_path / ".env").chmod(mode)

    ran = run("doctor", "--json")

    found = [finding for finding in ran.json if finding["subject"] == ".env"]
    assert [finding["ok"] for finding in found] == [False] * is_told
    assert all("chmod 600 .env" in finding["words"] for finding in found)


def test_the_doctor_tells_of_a_database_that_everybody_can_read(archive: Run, tmp_path: Path):
    (tmp_path / "data/paperbot.db").chmod(0o644)

    ran = archive("doctor")

    assert ran.status == 1
    assert "chmod 600 data/paperbot.db" in ran.out


def test_a_malformed_line_of_env_is_one_line_with_status_2(tmp_path: Path):
    (tmp_path / ".env").write_text("PAPERBOT_WEB_PORT: 18123\n")

    done = _as_process(tmp_path, "lookup")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ".env:1: this line is not read: write PAPERBOT_WEB_PORT=value\n"


def _as_process(
    folder: Path, *arguments: str, stdin: BinaryIO | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        stdin=stdin,
        capture_output=True,
        check=False,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        text=True,
    )


@pytest.mark.parametrize("source", ["/dev/zero", "a pipe"])
def test_an_endless_input_is_refused_at_once(source: str, tmp_path: Path):
    (tmp_path / "good.md").write_text("A thought")
    os.mkfifo(tmp_path / "a pipe")

    done = _as_process(tmp_path, "import", source, "good.md", "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["entries"]["new"] == 1
    problems = json.loads(done.stdout)["problems"]
    errors = [each["message"] for each in problems if each["severity"] == "error"]
    assert ["not a file" in message for message in errors] == [True]


def test_standard_input_without_an_end_is_refused(tmp_path: Path):
    with Path("/dev/zero").open("rb") as zero:
        done = _as_process(tmp_path, "import", "-", stdin=zero)

    assert done.returncode == 1
    assert done.stderr.startswith("standard input: error: this is larger than 32 MB")


def test_exports_and_bounces_are_read_from_standard_input(tmp_path: Path):
    (tmp_path / "all.jsonl").write_text('{"title": "Piped"}\n{"title": 1}\n', encoding="utf-8")
    with (tmp_path / "all.jsonl").open("rb") as lines:
        export = _as_process(tmp_path, "import", "-", stdin=lines)
    with (tmp_path / "all.jsonl").open("rb") as message:
        bounce = _as_process(tmp_path, "mail", "bounced", "-", stdin=message)

    assert (export.returncode, export.stdout.splitlines()[0]) == (
        1,
        "Entries: 1 new, 0 updated, 0 unchanged, from 1 file.",
    )
    assert export.stderr.startswith("standard input:2: error: “title” is no text")
    assert (bounce.returncode, bounce.stdout) == (0, "")  # a mail server pipes every message here
    assert bounce.stderr.startswith("This is no report of a message of this bot")


def test_the_doctor_says_what_is_wrong_and_what_to_do(
    archive: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PAPERBOT_VAULT", str(tmp_path / "nowhere"))

    ran = archive("doctor")

    assert ran.status == 1
    assert ran.out.splitlines()[-1].startswith("WRONG  PAPERBOT_VAULT: ")


def test_a_note_of_the_vault_imported_alone_has_the_date_of_its_folders(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_notes(tmp_path, {"vault/2025/02/03/Alpha.md": "A thought"})
    monkeypatch.setenv("PAPERBOT_VAULT", str(tmp_path / "vault"))

    imported = run("import", "vault/2025/02/03/Alpha.md")

    assert imported.status == 0
    assert run("show", "1", "--json").json["date"] == "2025-02-03"


def test_a_database_in_a_folder_that_does_not_exist_is_never_begun(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PAPERBOT_DATABASE", "sqlite:///mispelt/paperbot.db")

    imported = run("import", samples.PAGE)
    checked = run("doctor", "--json")

    assert (imported.status, imported.err.count("\n")) == (2, 1)
    assert "there is no folder mispelt" in imported.err
    wrong = [finding["words"] for finding in checked.json if not finding["ok"]]
    assert wrong == [imported.err.removeprefix("paperbot: ").strip()]
    assert not (tmp_path / "mispelt").exists()


def test_the_doctor_knows_a_database_from_junk(run: Run, tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "paperbot.db").write_bytes(b"not a database" * 500)

    ran = run("doctor", "--json")

    assert ran.status == 1
    wrong = [finding["subject"] for finding in ran.json if not finding["ok"]]
    assert wrong == ["PAPERBOT_DATABASE"]


def test_the_real_day_is_read_as_the_curator_wrote_it(run: Run, shared: Path):
    page = shared / "samples" / "digests" / "2025-02-04.txt"

    first = run("import", page, "--json")
    second = run("import", page, "--json")

    assert first.json["entries"] == {"new": 5, "updated": 0, "unchanged": 0}
    assert first.json["references"] == 6
    assert first.json["problems"] == []
    assert second.json["entries"] == {"new": 0, "updated": 0, "unchanged": 5}


def test_the_real_vault_loses_no_note(run: Run, shared: Path):
    vault = shared / "samples" / "vault"
    notes = sum(1 for _ in vault.rglob("*.md"))

    ran = run("import", vault, "--json")

    assert ran.status == 0
    assert ran.json["entries"]["new"] == notes


def test_the_real_vault_is_exported_byte_for_byte(run: Run, shared: Path, tmp_path: Path):
    vault = shared / "samples" / "vault"
    run("import", vault)

    ran = run("export", "--format", "vault", "--out", tmp_path / "out")

    assert ran.status == 0
    before = {path.relative_to(vault): path.read_bytes() for path in vault.rglob("*.md")}
    after = {
        path.relative_to(tmp_path / "out"): path.read_bytes()
        for path in (tmp_path / "out").rglob("*.md")
    }
    assert after == before


def test_a_recap_is_shown_and_has_a_json_form(archive: Run):
    shown = archive("recap", "2026-11")
    form = archive("recap", "2026-11", "--json")
    few = archive("recap", "2024")
    wrong = archive("recap", "soon")

    assert "Looking back on November 2026" in shown.out
    assert form.json["period"] == "2026-11"
    assert form.json["papers"] >= 5
    assert sum(tag["count"] for tag in form.json["tags"]) > 0
    assert "too few to look back on" in few.out
    assert wrong.status == 2
    assert "is not a week, month or year" in wrong.err


def test_a_digest_is_reviewed_in_the_terminal(archive: Run):
    unnamed = archive("review")
    archive("channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")
    shown = archive("review")
    both = archive("review", "--approve", "--skip")
    skipped = archive("review", "--skip")
    again = archive("review")
    reopened = archive("review", "--channel", "web:general", "--reopen")
    no_entry = archive("review", "--hold", "999999")

    assert unnamed.status == 2
    assert "--channel REF" in unnamed.err
    assert (shown.status, skipped.status, reopened.status) == (0, 0, 0)
    assert both.status == 2
    assert "one thing at a time" in both.err
    assert skipped.out == again.out != shown.out
    assert reopened.out == shown.out
    assert no_entry.status == 2
    assert "Nothing was done" in no_entry.err
