"""Archives of any size, made quickly and kept for the next run."""

import hashlib
import json
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bot.archive.domain.entry import EntryId
from bot.archive.domain.search.search_text import tag_mark
from bot.archive.domain.search.segment import segment
from bot.archive.store.sort_key import newness_of
from bot.core.database.migrations import bundled_migrations
from bot.core.database.sqlite.database import SHRINKABLE
from bot.core.database.sqlite.migrate import apply_migrations
from tests.bench.notes import FIRST, LAST, TAGS, Pen

_TEXTS = 5000
"""So many different commentaries; entries share them, which no index notices."""


def archive(size: int) -> Path:
    """A database of that many entries, made unless one of this schema is there."""
    migrations = bundled_migrations()
    source = "".join(migration.checksum for migration in migrations) + Path(__file__).read_text()
    version = hashlib.sha256(source.encode()).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"paperbot-archives-{version}" / f"{size}.db"
    if not path.exists():
        for older in path.parent.parent.glob("paperbot-archives-*"):
            if older != path.parent:
                shutil.rmtree(older, ignore_errors=True)
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        connection = sqlite3.connect(unfinished, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute(SHRINKABLE)  # as a bot makes it: else it rewrites each at its start
        apply_migrations(connection, migrations=migrations, path=str(unfinished))
        _fill(connection, size)
        connection.close()
        unfinished.rename(path)
    return path


def _fill(connection: sqlite3.Connection, size: int) -> None:
    triggers = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN "
        "('entry_tag', 'search_text')"
    ).fetchall()
    connection.execute("BEGIN")
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.executemany(
        "INSERT INTO tag (id, slug) VALUES (?, ?)", enumerate(dict.fromkeys(TAGS), start=1)
    )
    connection.execute(
        "INSERT INTO source (id, kind, path, name, content_hash, imported_at) "
        "VALUES (1, 'vault_note', 'bench', 'bench', '', '')"
    )
    _insert(connection, size)
    connection.execute(
        "UPDATE tag SET uses = (SELECT count(*) FROM entry_tag WHERE tag_id = tag.id)"
    )
    for table in ("search", "title_search", "label_search"):
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")
    for _, sql in triggers:
        connection.execute(sql)
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, size: int) -> None:
    pen, chance = Pen(2), random.Random(3)
    texts = [(pen.korean(25), pen.english(25), pen.english(6)) for _ in range(_TEXTS)]
    indexed = [(segment(korean) + english, title) for korean, english, title in texts]
    tag_ids = {slug: place for place, slug in enumerate(dict.fromkeys(TAGS), start=1)}
    days = (LAST - FIRST).days

    def entries() -> Iterator[tuple[object, ...]]:
        for number in range(1, size + 1):
            on = FIRST + timedelta(days=number * days // size)
            korean, english, title = texts[number % _TEXTS]
            commentary = json.dumps([["ko", [korean]], ["en", [english]]], ensure_ascii=False)
            newness = newness_of(on, EntryId(number))
            yield number, newness, on.isoformat(), title, commentary, korean + english

    connection.executemany(
        "INSERT INTO paper (id, key, arxiv_id, title) VALUES (?, ?, ?, ?)",
        ((n, f"arxiv:{n}", str(n), texts[n % _TEXTS][2]) for n in range(1, size + 1)),
    )
    connection.executemany(
        """
        INSERT INTO entry (
            id, newness, paper_id, source_id, part, date, title, authors, arxiv_version,
            commentary, text, created_at, updated_at
        ) VALUES (?1, ?2, ?1, 1, 0, ?3, ?4, '["Ada Grace", "Jinwoo Alan"]', 0, ?5, ?6, '', '')
        """,
        entries(),
    )
    rows = connection.execute("SELECT id, newness FROM entry ORDER BY newness").fetchall()
    tags = [[tag_ids[tag] for tag in dict.fromkeys(pen.some(TAGS, 3))] for _ in range(_TEXTS)]
    tagged = [(newness, chance.randrange(_TEXTS)) for _, newness in rows]
    connection.executemany(
        "INSERT INTO entry_tag (tag_id, newness, position, spelling) VALUES (?, ?, ?, '')",
        ((t, newness, p) for newness, of in tagged for p, t in enumerate(tags[of])),
    )
    marks = [" ".join(map(tag_mark, of)) for of in tags]
    connection.executemany(
        "INSERT INTO search_text VALUES (?, ?, 'Ada Grace Jinwoo Alan', '', ?, ?)",
        (
            (newness, indexed[number % _TEXTS][1], indexed[number % _TEXTS][0], marks[of])
            for (number, newness), (_, of) in zip(rows, tagged, strict=True)
        ),
    )
    connection.executemany(
        "INSERT INTO reference (paper_id, newness, position, arxiv_version) VALUES (?, ?, 0, 0)",
        ((1 + number // 2, newness) for number, newness in rows),
    )
