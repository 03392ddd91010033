"""A slot's messages in the language of its channel; in the web chat in each reader's own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.archive.domain.entry import EntryId, Language, StoredEntry
from bot.channels.domain.digest_options import Layout
from bot.core.database.database import Transaction
from bot.core.domain.document import translated
from bot.core.domain.i18n import Translate
from bot.core.ports import parse_channel
from bot.digest.domain.digest import Digest
from bot.digest.domain.header_links import link_titles
from bot.digest.domain.present_digest import Post, present_digest
from bot.discussion.services.answers import Link
from bot.discussion.services.thread_intro import openings
from bot.discussion.services.thread_messages import Voices, readers

_NO_REQUESTS: Mapping[EntryId, str] = {}
_NO_MESSAGES: Mapping[EntryId, str] = {}


async def present_slot(
    tx: Transaction,
    digest: Digest,
    *,
    channel: str,
    languages: Sequence[Language],
    layout: Layout,
    spoken: Language,
    voices: Voices,
    link: Link,
    introduced: Sequence[StoredEntry],
    requests: Mapping[EntryId, str] = _NO_REQUESTS,
    messages: Mapping[EntryId, str] = _NO_MESSAGES,
) -> tuple[Post, ...]:
    """The messages of a digest for a channel, in order, with the openings of these threads.

    `messages` are the addresses of the papers' messages, to which the titles of the header lead;
    `requests` as for `present_digest`.
    """
    addresses = [messages.get(stored.id) for stored in digest.entries]
    # Of other layouts, only the papers that somebody asked to discuss have a thread.
    threaded = [each for each in introduced if layout is Layout.PAPERS or each.id in requests]

    async def present(say: Translate) -> tuple[Post, ...]:
        posts = present_digest(
            digest,
            languages=languages,
            layout=layout,
            say=say,
            requests=requests,
            openings=await openings(tx, threaded, channel=channel, link=link, say=say),
        )
        if not messages:
            return posts
        return tuple(
            replace(post, document=link_titles(post.document, addresses))
            if post.entry_id is None
            else post
            for post in posts
        )

    say = voices(spoken)
    posts = await present(say)
    others = {
        other.locale: {post.part: post.document for post in await present(other)}
        for other in readers(voices, parse_channel(channel), say)
    }
    if not others:
        return posts
    return tuple(
        replace(
            post,
            document=translated(
                post.document,
                {name: parts[post.part] for name, parts in others.items() if post.part in parts},
            ),
        )
        for post in posts
    )
