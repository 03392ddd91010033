"""The templates, and messages as HTML and as change events."""

import asyncio
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import Protocol
from urllib.parse import quote

from markupsafe import Markup

from bot.archive.domain.entry import Reference
from bot.archive.domain.inlines import inlines as linked
from bot.archive.domain.present_entry import news, paper_url
from bot.core.domain import command_line, commands
from bot.core.domain.characters import cut_at
from bot.core.domain.dataclass import dataclass
from bot.core.domain.day_text import day_text, month_text
from bot.core.domain.document import (
    Buttons,
    Document,
    Heading,
    Link,
    in_locale,
    map_inlines,
    plain_text,
)
from bot.core.domain.i18n import Translate
from bot.core.latex import readable
from bot.core.ports import Platform, parse_channel
from bot.discussion.domain.entry_page import ThreadPlace
from bot.platforms.web.rendering import render
from bot.platforms.web.rendering.addresses import OfBot
from bot.webchat.domain.board import BoardMessage

BOT_NAME = "paperbot"
LANGUAGES = {"en": "English", "ko": "한국어"}

_REMEMBERED = 1024
_LABEL = 120
"""Characters of a message in its label."""
_MOST_CHOICES = 25
"""Suggestions for what is being typed; see `lookup.services.completion`."""


class Template(Protocol):
    """A template of Jinja's."""

    def render(self, **values: object) -> str:
        """The text for these values."""


class Templates(Protocol):
    """Jinja's environment; Jinja takes 25 ms to import, so a start does not import it."""

    def get_template(self, name: str) -> Template:
        """The template of that name, compiled when it is first asked for."""

    def list_templates(self, extensions: Collection[str]) -> list[str]:
        """The names of all templates with one of these endings."""


@dataclass(frozen=True, slots=True)
class View:
    """Renders templates, and messages as HTML (`article`) and as change events (`change`).

    Both take the message, the locale and, where it is known, whether the reader likes the message.
    """

    build: str
    article: Callable[..., Markup]
    change: Callable[..., str]

    @property
    def templates(self) -> Templates:
        """The templates; to ask for them imports Jinja."""
        return _templates(self.build)

    async def articles(
        self, messages: Sequence[BoardMessage], say: Translate, liked: Collection[int] = ()
    ) -> list[Markup]:
        """The messages as HTML. It yields to the event loop between them: one may be a whole digest."""
        made = []
        for message in messages:
            made.append(self.article(message, say.locale, message.id in liked))
            await asyncio.sleep(0)
        return made

    def page(self, template: str, say: Translate, **values: object) -> str:
        """A rendered template, in the language of `say`.

        `at` says where its links lead, `layout` what is around it: those of the running bot by default.
        """
        return self.templates.get_template(template).render(say=say, **values)

    async def compile_pages(self) -> None:
        """Compile the templates of the bot's pages in a thread: each takes up to 40 ms.

        Jinja is imported before. A page that is opened sooner does both in the event loop.
        """
        await asyncio.to_thread(import_module, "jinja2")
        for name in self.templates.list_templates(extensions=("html",)):
            if not name.startswith("site"):  # these are the published site's
                await asyncio.to_thread(self.templates.get_template, name)


def make_view(voices: Callable[[str], Translate], *, build: str) -> View:
    """The view; `build` is the version of the static files."""

    # A message goes to every open page, and is rendered once a language.
    @lru_cache(maxsize=_REMEMBERED)
    def article(message: BoardMessage, locale: str, is_liked: bool = False) -> Markup:
        template = _templates(build).get_template("message.html")
        html = template.render(say=voices(locale), message=_for(message, locale), is_liked=is_liked)
        return Markup(html)  # noqa: S704 - a template with autoescape wrote it

    def change(message: BoardMessage, locale: str, is_liked: bool | None = None) -> str:
        return json.dumps(
            {
                "id": message.id,
                "channel": message.channel,
                "root": message.root,
                "revision": message.revision,
                "version": version(message),
                "gone": message.deleted and not message.replies,
                "cause": message.author.id if message.author else "",
                "summary": summary(_for(message, locale)),
                "liked": is_liked,
                "html": article(message, locale, bool(is_liked)),
            },
            ensure_ascii=False,
        )

    return View(build, article, change)


@lru_cache(maxsize=2)
def _templates(build: str) -> Templates:
    """The templates: each is compiled once in a process."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - see `Templates`

    environment = Environment(
        loader=PackageLoader("bot.platforms.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "bot_name": BOT_NAME,
        "build": build,
        "at": OfBot(build),
        "layout": "reading.html",
        "languages": LANGUAGES,
        "day_text": day_text,
        "month_text": month_text,
        "quote": lambda text: quote(text, safe=""),
        "tag_path": render.tag_path,
        "replies_text": replies_text,
        "opens_thread": opens_thread,
        "is_paper": is_paper,
        "permalink": permalink,
        "version": version,
        "reference_url": reference_url,
        "thread_name": thread_name,
        "message_label": message_label,
        "news": news,
        "link": lambda text, url: render.render_inlines((Link(text, url),)),
    }
    environment.filters |= {
        "document": render.render,
        "said": render.render_text,
        "linked": lambda text: map_inlines(linked(text), readable),
        "readable": readable,
        "inlines": render.render_inlines,
        "isolated": render.isolated,
        "safe_url": render.safe_url,
        "own_path": render.own_path,
        "printable": render.printable,
        "hue": hue,
    }
    return environment


def _for(message: BoardMessage, locale: str) -> BoardMessage:
    """The message as a reader of that language sees it."""
    if not isinstance(message.content, Document) or not message.content.translations:
        return message
    return replace(message, content=in_locale(message.content, locale))


def version(message: BoardMessage) -> str:
    """A version of the message's own content, independent of its thread."""
    if message.deleted:
        return "deleted"
    return message.edited_at.isoformat() if message.edited_at else "first"


def summary(message: BoardMessage) -> str:
    """The message in one line, for screen readers."""
    if isinstance(message.content, Document):
        return f"{BOT_NAME}: {render.printable(readable(message.content.summary))}"
    name = message.author.name if message.author else BOT_NAME
    return f"{name}: {render.printable(message.content)}"


def reference_url(reference: Reference) -> str | None:
    """The address of a referenced paper, if it is safe to link."""
    return render.safe_url(paper_url(reference.arxiv_id, reference.url) or "")


def message_label(message: BoardMessage, name: str) -> str:
    """The author, and how the message begins: what a screen reader says where the focus moves."""
    if message.deleted:
        return name
    said = message.content
    if isinstance(said, Document):
        said = readable(said.summary)
    beginning = " ".join(render.printable(said).split())
    if len(beginning) > _LABEL:
        beginning = f"{beginning[: cut_at(beginning, _LABEL)]}…"
    return f"{name}: {beginning}"


def thread_name(place: ThreadPlace) -> str:
    """The channel of a thread: `#general` in the web chat, elsewhere its REF."""
    channel = parse_channel(place.channel)
    name = f"#{channel.id}" if channel.platform is Platform.WEB else place.channel
    return render.printable(name)


def hue(person: str) -> int:
    """The number (0 to 5) of the colour of a person's initial."""
    return sum(person.encode()) % 6


def replies_text(message: BoardMessage, say: Translate) -> str:
    """The label of the link to a thread: the number of replies, or “Discuss”, “Reply”."""
    if message.replies:
        return say.count("{n} reply", "{n} replies", message.replies)
    if isinstance(message.content, Document):
        return say("Discuss")
    return say("Reply")


def permalink(message: BoardMessage) -> str:
    """The path that shows a message for good: its thread, at the place of a reply."""
    thread = f"/c/{quote(message.channel, safe='')}/t/{message.root or message.id}"
    return f"{thread}#m{message.id}" if message.root else thread


def opens_thread(message: BoardMessage) -> bool:
    """Whether the message has a link to its thread: papers, people's messages, existing threads."""
    if message.root is not None:
        return False
    if isinstance(message.content, Document):
        return message.content.opens_thread or message.replies > 0
    return not message.deleted or message.replies > 0


def is_paper(message: BoardMessage) -> bool:
    """Whether a message is a paper of a digest, in the channel or in its day's thread.

    Answers, cards and the day's own message are none.
    """
    said = message.content
    if not isinstance(said, Document) or message.author is not None or message.deleted:
        return False
    match said.blocks:
        case (Heading(title), *_) if plain_text(title) == said.summary:
            return said.opens_thread or _may_be_discussed(said)
    return False


def _may_be_discussed(said: Document) -> bool:
    """Whether it has the button that papers in a day's thread have."""
    discuss = command_line.format_line(commands.DIGEST.name, "discuss")
    return any(
        (button.command or "").startswith(f"{discuss} ")
        for block in said.blocks
        if isinstance(block, Buttons)
        for button in block.buttons
    )


def script_texts(say: Translate) -> dict[str, object]:
    """The texts that the scripts show."""
    return {
        "today": say("Today"),
        "yesterday": say("Yesterday"),
        "new": say("New"),
        "showAll": say("Show all"),
        "showLess": say("Show less"),
        "reconnecting": say("Connection lost, reconnecting …"),
        "refused": say(
            "New messages do not arrive now: the bot restarts, or too many pages are open. "
            "Trying again …"
        ),
        "failed": say("That could not be sent. Try again."),
        "edit": say("Edit"),
        "save": say("Save"),
        "cancel": say("Cancel"),
        "remove": say("Delete"),
        "reallyRemove": say("Delete this message?"),
        "suggestions": [
            say.count("{n} suggestion", "{n} suggestions", n) for n in range(_MOST_CHOICES + 1)
        ],
        "copied": say("Copied"),
        "copyByHand": say("Press Ctrl+C to copy the marked text."),
    }


def script_commands(say: Translate) -> list[dict[str, object]]:
    """The command table for the composer's suggestions."""
    return [
        {
            "name": spec.name,
            "usage": spec.usage,
            "summary": say(spec.summary),
            "completes": bool(spec.free_option and spec.free_option.completes),
        }
        for spec in commands.COMMANDS
    ]


def as_script(value: object) -> Markup:
    """A value as JSON for a `<script type="application/json">`, escaped so that it cannot end it."""
    text = json.dumps(value, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - what could end the element is escaped above
