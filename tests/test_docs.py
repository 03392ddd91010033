"""What is written beside the code says what the code does."""

import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.cli.program import app
from bot.core.catalogue import Catalogues
from bot.core.domain.commands import COMMANDS


def _tracked(root: Path) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
        text=True,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [root / name for name in listing.stdout.split("\0") if name and (root / name).is_file()]


def _rows(markdown: str, heading: str) -> list[tuple[str, str]]:
    """The rows of the first table under a heading: (first cell, second cell)."""
    section = markdown.partition(f"\n{heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table is not None, heading
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table[0].splitlines()[2:]]
    return [(row[0].strip().replace("\\|", "|"), row[1].strip()) for row in cells]


def test_the_readme_lists_the_command_table(root: Path):
    readme = (root / "README.md").read_text(encoding="utf-8")

    assert _rows(readme, "### Commands in the chat") == [
        (f"`{spec.usage}`", spec.summary) for spec in COMMANDS
    ]


def test_the_korean_readme_lists_it_in_korean(root: Path):
    readme = (root / "README.ko.md").read_text(encoding="utf-8")
    say = Catalogues()("ko")

    assert _rows(readme, "## 채팅 명령") == [
        (f"`{spec.usage}`", say(spec.summary)) for spec in COMMANDS
    ]


def test_the_readme_lists_every_command_of_the_program(root: Path):
    readme = (root / "README.md").read_text(encoding="utf-8")
    commands = [command.name for command in app.registered_commands]
    groups = [group.name for group in app.registered_groups]

    listed = {
        usage.split()[1].strip("`") for usage, _ in _rows(readme, "### Commands of the operator")
    }

    assert listed == {*commands, *groups}


def test_the_readme_begins_with_the_commands_that_ci_runs(root: Path):
    readme = (root / "README.md").read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    ci = (root / ".ci" / "run").read_text(encoding="utf-8")

    first_block = readme.split("```")[1]
    assert re.findall(r"^\$ (make \w+)", first_block, re.MULTILINE) == ["make demo", "make test"]
    check = re.search(r"^check:(.*?)##", makefile, re.MULTILINE)
    assert check is not None
    assert "test" in check[1].split()
    assert re.search(r"^make check$", ci, re.MULTILINE)


def test_every_file_and_picture_that_the_documents_link_to_exists(root: Path):
    for page in (*root.glob("*.md"), *(root / "docs").glob("*.md")):
        links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
        missing = [link for link in links if not (page.parent / link).exists()]
        assert not missing, page


def test_every_path_that_the_documents_for_developers_name_exists(root: Path):
    subjects = [path for path in (root / "bot").iterdir() if path.is_dir()]
    folders = [root, root / "bot", *subjects, *(p for s in subjects for p in s.iterdir())]
    for page in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
        named = re.findall(r"`([\w./-]+)`", (root / page).read_text(encoding="utf-8"))
        paths = [
            name
            for name in named
            if not name.startswith("/")
            and ("/" in name.rstrip("/") or name.endswith((".py", ".md", ".sql")))
        ]
        missing = [
            path
            for path in paths
            if "NNNN" not in path and not any((folder / path).exists() for folder in folders)
        ]
        assert paths, page
        assert not missing, page


def test_the_documents_list_the_subjects_in_the_order_that_is_held(root: Path):
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    held = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    contributing = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    architecture = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")

    listed = re.search(r"^cli >[^`]*", contributing, re.MULTILINE)
    drawn = re.findall(r"--> (\w+)\[", architecture.partition("## Four ways")[0])

    assert listed is not None
    assert re.findall(r"\w+", listed[0]) == held
    assert ["cli", *drawn] == held


def test_each_readme_leads_to_every_guide(root: Path):
    guides = {f"docs/{page.name}" for page in (root / "docs").glob("*.md")}
    korean = {page for page in guides if page.endswith(".ko.md")}

    for readme, wanted in (("README.md", guides - korean), ("README.ko.md", korean)):
        text = (root / readme).read_text(encoding="utf-8")
        assert wanted <= set(re.findall(r"\((docs/[\w.-]+\.md)", text)), readme


def test_both_languages_of_a_guide_have_the_same_sections(root: Path):
    guides = [page for page in (root / "docs").glob("*.md") if not page.name.endswith(".ko.md")]

    assert guides
    for page in guides:
        korean = page.with_name(f"{page.stem}.ko.md")
        assert _levels(korean) == _levels(page), page.name


@pytest.mark.parametrize("page", ["operating.md", "operating.ko.md"])
def test_the_operators_guide_names_every_metric(root: Path, page: str):
    code = "".join(path.read_text(encoding="utf-8") for path in (root / "bot").rglob("*.py"))
    metrics = set(re.findall(r"\bMeasure\(\s*\"(\w+)\"", code))
    guide = (root / "docs" / page).read_text(encoding="utf-8")

    assert metrics
    assert set(re.findall(r"`paperbot_([a-z_]+?)(?:_total)?`", guide)) == metrics


def _levels(page: Path) -> list[int]:
    """The levels of a page's headings, in order."""
    text = re.sub(
        r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]


def test_no_registry_and_no_path_of_a_machine_is_in_the_tree(root: Path):
    unwanted = re.compile(
        r"\bpypi\.|pythonhosted|--(?:extra-)?index-url|/simple/|npmjs|(?<![\w.])/(?:work|root)/"
    )
    found = [
        f"{path.relative_to(root)}: {match[0]}"
        for path in _tracked(root)
        if path != Path(__file__).resolve() and path.suffix not in {".png", ".ico", ".woff2"}
        if (match := unwanted.search(path.read_text(encoding="utf-8", errors="replace")))
    ]

    assert not found


def test_every_dependency_is_locked_with_a_hash(root: Path):
    for name in (
        "requirements.txt",
        "requirements-rank.txt",
        "requirements-postgres.txt",
        "requirements-workspaces.txt",
        "requirements-charts.txt",
        "requirements-mcp.txt",
        "requirements-dev.txt",
    ):
        text = (root / name).read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                assert re.match(r"[\w.-]+(\[[\w,]+\])?==\S+ .*--hash=sha256:", line), line


def test_what_runs_is_locked_the_same_for_development(root: Path):
    runtime, development = (
        set(re.findall(r"^\S+==\S+", (root / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )

    assert runtime <= development


def test_extras_that_packages_ask_for_are_locked_with_them(root: Path):
    # pip takes the newest `coverage[toml]` where the lock names `coverage` only: the install then
    # works until the next release of it, and fails from then on.
    text = (root / "requirements-dev.txt").read_text(encoding="utf-8")
    locked = {
        canonicalize_name(name): set(extras.split(",")) if extras else set()
        for name, extras in re.findall(r"^([\w.-]+)(?:\[([\w,]+)\])?==", text, re.MULTILINE)
    }
    asked = [
        requirement
        for name in locked
        for requirement in map(Requirement, _requirements(name))
        if requirement.extras
        and (requirement.marker is None or requirement.marker.evaluate({"extra": ""}))
    ]

    assert asked
    for requirement in asked:
        assert requirement.extras <= locked[canonicalize_name(requirement.name)], requirement


def _requirements(name: str) -> list[str]:
    """What an installed package asks for; nothing of one that this platform leaves out."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []
