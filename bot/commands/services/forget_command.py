"""`/paper forget-me`: what is stored of a person is told, and deleted once they confirm it."""

from collections.abc import Callable

from bot.commands.services.digest_command import DigestContext
from bot.core.domain import commands, document
from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.core.ports import Command
from bot.desk.services.keep import count_drafts, forget_drafts
from bot.digest.services.review import review
from bot.discussion.domain.present_private import present_forgettable
from bot.discussion.services import discuss
from bot.discussion.services.discuss import DiscussionContext
from bot.follow.services import follow
from bot.follow.services.follow import Asker


async def answer(
    desk: DigestContext,
    talk: DiscussionContext,
    command: Command,
    words: list[str],
    *,
    voices: Callable[[str], Translate],
    say: Translate,
) -> Document:
    """Forget a person who has confirmed it; before that, say what is deleted."""
    person, channel = command.user, command.channel
    if words != [commands.CONFIRM]:
        replies, copies = await discuss.count_of_person(talk, person, channel)
        likes = await discuss.count_likes(talk, person, channel)
        follows = await follow.count(desk.db, Asker(person, channel, say.locale))
        drafts = await count_drafts(desk.db, channel, person)
        reviews = await review.count_of(desk.db, channel, person)
        return present_forgettable(
            replies,
            copies,
            channel.platform,
            say,
            likes=likes,
            follows=follows,
            drafts=drafts,
            reviews=reviews,
        )
    await forget_drafts(desk.db, channel, person)
    await review.forget_person(desk.db, channel, person, now=desk.clock(), voices=voices)
    forgotten = await discuss.forget_person(talk, person, channel)
    if not forgotten:
        return document.notice(say("What was stored of you is deleted."))
    return document.notice(
        say.count("{n} reply is deleted.", "{n} replies are deleted.", forgotten)
    )
