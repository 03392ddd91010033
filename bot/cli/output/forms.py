"""The output of commands: JSON forms that scripts rely on, and lines for people."""

from bot.archive.domain.entry import Problem, Related, StoredEntry
from bot.archive.services.import_report import ImportReport
from bot.archive.store.title_matches import Identity
from bot.arxiv.domain.present_record import paper_lines
from bot.cli.output.text import printable
from bot.core.domain.i18n import Translate
from bot.core.latex import readable
from bot.discussion.domain.entry_page import EntryPage, Mention
from bot.discussion.domain.questions import Reply
from bot.lookup.domain.query_hints import hint_lines
from bot.lookup.services.lookup import Results


def report_form(report: ImportReport) -> dict[str, object]:
    """The JSON of `import`."""
    return {
        "files": report.files,
        "entries": {
            "new": report.new,
            "updated": report.updated,
            "unchanged": report.unchanged,
        },
        "papers": report.papers,
        "references": report.references,
        "links": report.links,
        "tags": report.tags,
        "problems": [problem_form(problem) for problem in (*report.problems, *report.remarks)],
    }


def problem_form(problem: Problem) -> dict[str, object]:
    """The JSON of a problem."""
    return {
        "path": problem.path,
        "line": problem.line,
        "severity": str(problem.severity),
        "message": problem.message,
    }


def finding_form(problem: Problem) -> dict[str, object]:
    """The JSON of what `lint` found: a problem with its kind (empty: it could not be read)."""
    return {**problem_form(problem), "kind": problem.kind}


def report_text(report: ImportReport, *, dry_run: bool, say: Translate) -> str:
    """The result of an import, in two lines."""
    done = say(
        "Entries: {new} new, {updated} updated, {unchanged} unchanged, from {files}.",
        new=report.new,
        updated=report.updated,
        unchanged=report.unchanged,
        files=say.count("{n} file", "{n} files", report.files),
    )
    held = say(
        "Papers: {papers}; references: {references}; links: {links}; tags: {tags}.",
        papers=report.papers,
        references=report.references,
        links=report.links,
        tags=report.tags,
    )
    dry = say("Nothing was written: this was a dry run.") if dry_run else ""
    return "\n".join(filter(None, (done, held, dry)))


def entry_line(stored: StoredEntry) -> str:
    """An entry as one line: its number, date, title and tags."""
    entry = stored.entry
    day = entry.date.isoformat() if entry.date is not None else "-"
    words = [str(stored.id), day, readable(entry.paper.title), *(f"#{tag}" for tag in entry.tags)]
    return printable("  ".join(words[:3]) + "".join(f" {tag}" for tag in words[3:]))


def remarks(asked: str, results: Results, *, say: Translate) -> tuple[str, ...]:
    """Remarks about the result: nothing found, suggestions, more pages, what is no filter."""
    return (*_remarks(asked, results, say=say), *hint_lines(asked, say))


def _remarks(asked: str, results: Results, *, say: Translate) -> tuple[str, ...]:
    if not results.entries:
        nothing = say("Nothing found for “{asked}”.", asked=asked)
        if not results.suggestions:
            return (nothing,)
        words = ", ".join(results.suggestions)
        return (nothing, say("Did you mean {words}?", words=words))
    if results.more and results.total is not None:
        shown, total = len(results.entries), results.total
        return (say("{shown} of {total}; --limit shows more.", shown=shown, total=total),)
    if results.more:
        return (say("There are more; --limit shows them."),)
    return ()


def surroundings(page: EntryPage, *, say: Translate) -> tuple[str, ...]:
    """The entries around an entry as lines, each kind under its heading."""
    lines: list[str] = []
    if page.likes:
        lines += ("", say.count("{n} person likes this", "{n} people like this", page.likes))
    for heading, related in (
        (say("Cited by"), page.cited_by),
        (say("Links to"), page.links),
        (say("Linked from"), page.linked_by),
        (say("The same paper on other days"), page.same_paper),
    ):
        if related:
            lines += ("", heading, *map(_related_line, related))
    at_arxiv = paper_lines(page.record, page.events, say)
    if at_arxiv:
        lines += ("", *at_arxiv)
    if page.replies:
        lines += ("", say("Discussion"), *map(_reply_line, page.replies))
    if page.linked_in_replies:
        lines += (
            "",
            say("Also mentioned in the discussion"),
            *map(_mention_line, page.linked_in_replies),
        )
    return tuple(lines)


def identity_line(stored: StoredEntry, identity: Identity | None, *, say: Translate) -> str:
    """The source of an entry's arXiv id."""
    paper = stored.entry.paper
    if paper.url is not None:
        return printable(say("The entry itself links to its paper: {url}", url=paper.url))
    if identity is None:
        return say(
            "Its paper is not known yet: the entry has no link, and arXiv was not searched yet"
        )
    if identity.number is None:
        if identity.by_hand:
            return say("It has no arXiv paper, set by hand")
        return say(
            "Its paper was not found by title: the best match had a confidence of {share}",
            share=f"{identity.confidence:.2f}",
        )
    if identity.by_hand:
        return say("Its paper is arXiv {id}, set by hand", id=identity.number)
    return say(
        "Its paper is arXiv {id}, found by title with a confidence of {share}. If that is "
        "wrong, run: paperbot identify {entry} --open",
        id=identity.number,
        share=f"{identity.confidence:.2f}",
        entry=stored.id,
    )


def _reply_line(reply: Reply) -> str:
    said = f"{reply.said_at:%Y-%m-%d %H:%M}Z  {reply.author} ({reply.platform}): {reply.text}"
    return printable(" ".join(said.split()))


def _mention_line(mention: Mention) -> str:
    number = mention.reference.arxiv_id.number if mention.reference.arxiv_id is not None else "-"
    entry = str(mention.entry_id) if mention.entry_id is not None else "-"
    return printable(f"{entry}  arXiv:{number}  {readable(mention.reference.title or '')}".rstrip())


def _related_line(other: Related) -> str:
    day = other.date.isoformat() if other.date is not None else "-"
    return printable(f"{other.id}  {day}  {readable(other.title)}")
