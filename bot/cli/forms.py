"""What commands print: the JSON forms that scripts rely on, and lines for people."""

from bot.domain.entry import Problem
from bot.domain.words import Say
from bot.services.report import Report


def report_form(report: Report) -> dict[str, object]:
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
        "problems": [problem_form(problem) for problem in report.problems],
    }


def problem_form(problem: Problem) -> dict[str, object]:
    """The JSON of something that a person should look at."""
    return {
        "path": problem.path,
        "line": problem.line,
        "severity": str(problem.severity),
        "message": problem.message,
    }


def report_text(report: Report, *, dry_run: bool, say: Say) -> str:
    """What an import did, in two lines."""
    done = say(
        "Entries: {new} new, {updated} updated, {unchanged} unchanged, from {files}.",
        new=report.new,
        updated=report.updated,
        unchanged=report.unchanged,
        files=say.count("{n} file", "{n} files", report.files),
    )
    held = say(
        "They hold {papers} papers, {references} references, {links} links, {tags} tags.",
        papers=report.papers,
        references=report.references,
        links=report.links,
        tags=report.tags,
    )
    dry = say("Nothing was written: this was a dry run.") if dry_run else ""
    return "\n".join(filter(None, (done, held, dry)))
