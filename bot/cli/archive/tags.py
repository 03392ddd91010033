"""The commands `tags`, `tags merge` and `tags split`."""

from typing import Annotated

import typer

from bot.archive.domain.counts import TagCount
from bot.cli.archive.files import AsJson
from bot.cli.output.terminal import DONE, print_line, print_remark, show_json, translator

tags = typer.Typer(help="The tags: how often each is used, which are probably the same.")

Tag = Annotated[str, typer.Argument(metavar="TAG", help="With or without #.")]


@tags.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: AsJson = False) -> int:
    """List the tags, most used first, and those that are probably the same."""
    from bot.archive.services.tidy_tags import UsedTags, list_tags
    from bot.cli.database import with_database
    from bot.core.database.database import Database
    from bot.settings import Settings

    if context.invoked_subcommand is not None:
        return DONE

    async def work(db: Database, _: Settings) -> UsedTags:
        return await list_tags(db)

    used = with_database(work)
    if as_json:
        show_json(
            {
                "tags": [
                    {
                        "tag": each.tag,
                        "entries": each.entries,
                        "merged": list(used.merged.get(each.tag, ())),
                    }
                    for each in used.counts
                ],
                "near": [
                    {"tag": each.tag, "more_used": each.more_used, "differ_in": str(each.nearness)}
                    for each in used.near
                ],
            }
        )
        return DONE
    say = translator()
    for each in used.counts:
        names = " ".join(f"#{tag}" for tag in used.merged.get(each.tag, ()))
        shown = f" {say('with {tags}', tags=names)}" if names else ""
        print_line(f"{each.entries:>6} #{each.tag}{shown}")
    counts = {each.tag: each.entries for each in used.counts}
    for near in used.near:
        print_remark(
            say(
                "#{tag} ({n}) is probably #{more_used} ({m}): they differ in {difference}. "
                "“paperbot tags merge {tag} {more_used}” makes them one.",
                tag=near.tag,
                n=counts[near.tag],
                more_used=near.more_used,
                m=counts[near.more_used],
                difference=say(near.nearness),
            )
        )
    return DONE


@tags.command("merge")
def merge(
    tag: Tag,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The tag that it counts as.")],
) -> int:
    """Let TAG count as INTO in look-ups, filters, follows, recaps and pages; notes stay as they are."""
    from bot.archive.services import tidy_tags
    from bot.cli.database import with_database
    from bot.core.database.database import Database
    from bot.settings import Settings

    async def work(db: Database, _: Settings) -> TagCount:
        return await tidy_tags.merge(db, tag, into)

    _print_count(with_database(work))
    return DONE


@tags.command("split")
def split(tag: Tag) -> int:
    """Take back the merge of TAG."""
    from bot.archive.services import tidy_tags
    from bot.cli.database import with_database
    from bot.core.database.database import Database
    from bot.settings import Settings

    async def work(db: Database, _: Settings) -> TagCount:
        return await tidy_tags.split(db, tag)

    _print_count(with_database(work))
    return DONE


def _print_count(found: TagCount) -> None:
    say = translator()
    print_line(
        say(
            "#{tag}: {entries}.",
            tag=found.tag,
            entries=say.count("{n} entry", "{n} entries", found.entries),
        )
    )
