"""The protocol between the bot and its ranking worker: one JSON value a line."""

import json
from collections.abc import Iterable, Iterator

from bot.archive.domain.entry import EntryId
from bot.arxiv.domain.candidates import Example, Judgement, Likeness, NewPaper
from bot.core.domain.errors import RankerError
from bot.core.domain.i18n import translatable

_END = "end"


def write_examples(picked: Iterable[Example], passed: Iterable[Example]) -> Iterator[str]:
    """Papers to learn from, a line each, and a line that says that these were all."""
    for verdict, examples in (("picked", picked), ("passed", passed)):
        for example in examples:
            paper = [example.number, example.text, example.entry_id, example.weight]
            yield json.dumps([verdict, *paper, example.authors])
    yield json.dumps([_END, "", "", None, 1.0, []])


def read_examples(lines: Iterable[str]) -> tuple[list[Example], list[Example]]:
    """The picked and the passed papers that `write_examples` wrote.

    Raises `RankerError` where the last line is missing: whoever wrote them was killed.
    """
    picked: list[Example] = []
    passed: list[Example] = []
    for line in lines:
        verdict, number, text, entry_id, weight, authors = json.loads(line)
        if verdict == _END:
            return picked, passed
        entry_id = EntryId(entry_id) if entry_id is not None else None
        example = Example(number, text, entry_id, weight, tuple(authors))
        (picked if verdict == "picked" else passed).append(example)
    raise RankerError(translatable("The training data was cut off"))


def write_new_papers(new_papers: Iterable[NewPaper]) -> Iterator[str]:
    """Papers to judge, a line each."""
    for new_paper in new_papers:
        yield json.dumps([new_paper.number, new_paper.text, new_paper.authors])


def read_new_papers(lines: Iterable[str]) -> list[NewPaper]:
    """What `write_new_papers` wrote."""
    papers = map(json.loads, lines)
    return [NewPaper(number, text, tuple(authors)) for number, text, authors in papers]


def write_judgement(judgement: Judgement) -> str:
    """A judgement as a line."""
    nearest = [[near.entry_id, near.likeness] for near in judgement.nearest]
    return json.dumps([judgement.number, judgement.score, judgement.words, nearest])


def read_judgement(line: str | bytes) -> Judgement:
    """What `write_judgement` wrote."""
    number, score, words, nearest = json.loads(line)
    return Judgement(
        number,
        score,
        tuple(words),
        tuple(Likeness(EntryId(entry_id), likeness) for entry_id, likeness in nearest),
    )


def write_failure(error: RankerError) -> str:
    """Why a task was not done, as a line."""
    return json.dumps([error.message, error.values])


def read_failure(line: str | bytes) -> RankerError:
    """What `write_trouble` wrote; anything else is told as it is."""
    try:
        message, values = json.loads(line)
        return RankerError(str(message), **values)
    except (ValueError, TypeError):
        reason = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
        return RankerError("The ranking failed: {reason}", reason=" ".join(reason.split()))
