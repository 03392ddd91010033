"""The command table: what a person may type, who may type it, and who sees the answer.

Discord's registration, Slack's usage text and manifest, the web form, `/help` and the README's
table are generated from it or tested against it.
"""

from bot.core.domain.command_spec import Audience, CommandSpec, Option, Verb, Who
from bot.core.domain.i18n import Translate, translatable

PAGE = Option("page", translatable("Which page of the results, from 1"))

LANGUAGE = Option(
    "language", translatable("Language of the commentary: ko or en"), values=("ko", "en")
)

FORGET_ME = Verb(
    "forget-me",
    translatable("Forget everything I said in discussions, and remove its copies"),
    audience=Audience.PRIVATE,
    is_secret=True,
)
CONFIRM = "confirm"
"""After `/paper forget-me`: the person was told what is deleted, and wants it."""
NEW = Verb(
    "new", translatable("Show today's new papers from arXiv"), aliases=("새논문",), alone=True
)

NOT_FOR_US = Verb(
    "not-for-us",
    translatable("Say that a new paper is not for you; it is ranked lower"),
    audience=Audience.PRIVATE,
    aliases=("관심없음",),
    takes_text=True,
)
UNDO = "undo"
"""After `/paper not-for-us ID`: take it back."""

BIBLIOGRAPHY = Verb(
    "bib",
    translatable("Show what a query finds as BibTeX, to be copied"),
    audience=Audience.PRIVATE,
    aliases=("bibtex", "서지"),
    takes_text=True,
)

HELP_VERB = Verb(
    "help",
    translatable("Show how to use this command"),
    audience=Audience.PRIVATE,
    aliases=("도움말",),
    alone=True,
)
_SWITCH = ("on", "off")

PAPER = CommandSpec(
    name="paper",
    summary=translatable("Look up papers by tag, words, author, date or arXiv id"),
    usage="/paper QUERY",
    audience=Audience.CHANNEL,
    options=(
        Option("query", translatable("What to look for"), free=True, completes=True),
        PAGE,
        LANGUAGE,
    ),
    verbs=(FORGET_ME, NEW, NOT_FOR_US, BIBLIOGRAPHY, HELP_VERB),
    examples=("/paper new", "/paper random"),
)

DIGEST = CommandSpec(
    name="digest",
    summary=translatable("Show a day's digest, or manage this channel's daily digest"),
    usage="/digest [today | DATE | recap | review | here | settings | pause | resume | status | managers | mail | link | unlink | help]",
    audience=Audience.PRIVATE,
    takes_people=True,
    options=(
        Option("what", translatable("today, a date, or what to do"), free=True, completes=True),
        Option(
            "at",
            translatable("Local time of the digest: 09:00"),
            values=("09:00", "07:30", "12:00", "18:00"),
        ),
        Option("tz", translatable("Time zone: Asia/Seoul"), completes=True),
        Option(
            "weekdays",
            translatable("Days of the week: mon-fri, daily"),
            values=("daily", "mon-fri", "weekends", "mon,wed,fri"),
        ),
        Option(
            "languages",
            translatable("Languages of the commentary, in order: ko,en"),
            values=("ko,en", "en,ko", "ko", "en"),
        ),
        Option(
            "interface",
            translatable("Language of headings, buttons and dates: ko or en"),
            values=("ko", "en"),
        ),
        Option("tags", translatable("Tags to include or exclude: #rl,-#moe")),
        Option("only", translatable('Only what this query finds: "#rl author:lee"; off')),
        Option(
            "quiet",
            translatable("Hours in which notices and copies wait: 22-08; off"),
            values=("22-08", "20-09", "off"),
        ),
        Option(
            "unapproved",
            translatable("Without an approval, post the digest at its time or hold it: post, hold"),
            values=("post", "hold"),
        ),
        Option(
            "layout",
            translatable(
                "papers: a message each; thread: in one thread; compact: all in one; "
                "titles: a line each"
            ),
            values=("papers", "thread", "compact", "titles"),
        ),
        Option(
            "intro",
            translatable("Abstract and references as the first reply in threads: on, later or off"),
            values=("on", "later", "off"),
        ),
        Option(
            "recap",
            translatable("A recap on Fridays or on the first of the month: weekly, monthly, off"),
            values=("weekly", "monthly", "weekly-silent", "monthly-silent", "off"),
        ),
        Option(
            "most", translatable("Maximum number of papers per digest"), values=("5", "10", "20")
        ),
        Option(
            "since",
            translatable("First date: earlier days from then on are posted one by one"),
            values=("today", "yesterday", "newest"),
        ),
        Option(
            "discussion",
            translatable("on: store and share replies in threads; off: do neither"),
            values=_SWITCH,
        ),
        Option(
            "notices",
            translatable("on: post updates about a paper in its thread; off: do not"),
            values=_SWITCH,
        ),
        Option(
            "public",
            translatable("on: the website shows replies from now on, without names; off: none"),
            values=_SWITCH,
        ),
    ),
    verbs=(
        Verb("today", translatable("Show today's digest; nothing is posted"), aliases=("오늘",)),
        Verb("newest", translatable("Show the most recent digest"), aliases=("최신",)),
        Verb(
            "recap",
            translatable(
                "Look back on a week, month or year: week, month, 2026-W48, 2025-02, 2025"
            ),
            aliases=("돌아보기",),
            takes_text=True,
        ),
        Verb(
            "review",
            translatable(
                "Look at the next digest before it is posted: approve, hold, reorder, skip"
            ),
            aliases=("검토",),
            takes_text=True,
        ),
        Verb(
            "here",
            translatable("Post a digest here every day"),
            Who.MANAGERS,
            aliases=("여기",),
            takes_options=True,
        ),
        Verb(
            "settings",
            translatable("Show or change its schedule and layout"),
            Who.MANAGERS,
            aliases=("설정",),
            takes_options=True,
        ),
        Verb("pause", translatable("Pause the digest"), Who.MANAGERS, aliases=("중지", "일시중지")),
        Verb("resume", translatable("Resume the digest"), Who.MANAGERS, aliases=("재개",)),
        Verb(
            "status",
            translatable("Show the next digest's time and the results of the last ones"),
            aliases=("상태",),
        ),
        Verb(
            "managers",
            translatable("Show or name the people who may manage the digest: @…, remove @…"),
            aliases=("관리자",),
            takes_text=True,
        ),
        Verb(
            "mail",
            translatable("Send the digest to an address, once its owner has confirmed"),
            Who.MANAGERS,
            aliases=("메일", "이메일"),
            is_secret=True,
            takes_options=True,
            takes_text=True,
        ),
        Verb(
            "link",
            translatable("Share discussions with another channel, using a code"),
            Who.MANAGERS,
            aliases=("연결",),
            is_secret=True,
            takes_text=True,
        ),
        Verb(
            "discuss",
            translatable("Post a paper of a digest as a message of its own, to discuss it"),
            takes_text=True,
        ),
        Verb(
            "unlink",
            translatable("Stop sharing discussions with other channels"),
            Who.MANAGERS,
            aliases=("연결해제",),
        ),
        HELP_VERB,
    ),
    examples=(
        "/digest newest",
        translatable("/digest last friday"),
        translatable("/digest here 9am every weekday Asia/Seoul"),
        "/digest here at:09:00 tz:Asia/Seoul weekdays:mon-fri",
        "/digest settings tags:#rl,-#moe layout:compact",
    ),
)

FOLLOW = CommandSpec(
    name="follow",
    summary=translatable("Get one direct message a day with what is new: a tag, words, a paper"),
    usage="/follow [QUERY | list | settings | help]",
    audience=Audience.PRIVATE,
    options=(
        Option("query", translatable("What to follow"), free=True, completes=True),
        Option(
            "at",
            translatable("Local time of the direct message: 08:30"),
            values=("08:30", "07:30", "12:00", "18:00"),
        ),
        Option("tz", translatable("Time zone: Asia/Seoul"), completes=True),
        Option(
            "days",
            translatable("Days of the week: mon-fri, daily"),
            values=("daily", "mon-fri", "weekends", "mon,wed,fri"),
        ),
    ),
    verbs=(
        Verb(
            "list",
            translatable("Show what I follow"),
            aliases=("목록",),
            alone=True,
            is_secret=True,
        ),
        Verb(
            "settings",
            translatable("Show or change when the direct message comes"),
            aliases=("설정",),
            takes_options=True,
        ),
        Verb(
            "this",
            translatable("Follow the paper of the thread"),
            aliases=("이거", "이논문"),
            alone=True,
        ),
        HELP_VERB,
    ),
    examples=(
        "/follow #reasoning",
        "/follow author:lee -#moe",
        "/follow 2502.01456",
        "/follow settings at:08:30 tz:Asia/Seoul days:mon-fri",
    ),
)

UNFOLLOW = CommandSpec(
    name="unfollow",
    summary=translatable("End following something"),
    usage="/unfollow QUERY",
    audience=Audience.PRIVATE,
    options=(Option("query", translatable("What to follow no longer"), free=True, completes=True),),
    verbs=(
        Verb("all", translatable("End everything that I follow"), aliases=("전체",), alone=True),
        HELP_VERB,
    ),
    examples=("/unfollow #reasoning",),
)

NOTE = CommandSpec(
    name="note",
    summary=translatable("Write or change a note on a paper"),
    usage="/note [LINK | arXiv ID | help]",
    audience=Audience.PRIVATE,
    opens_form=True,
    options=(
        Option("paper", translatable("A link, an arXiv id or a title"), free=True, completes=True),
    ),
    verbs=(HELP_VERB,),
    examples=("/note 2502.01456", "/note https://arxiv.org/abs/2502.01456"),
)

HELP = CommandSpec(
    name="help",
    summary=translatable("How to use this bot"),
    usage="/help [paper | digest | follow | note]",
    audience=Audience.PRIVATE,
    options=(
        Option(
            "topic",
            translatable("The command to explain"),
            free=True,
            completes=True,
            values=("paper", "digest", "follow", "note"),
        ),
    ),
)

COMMANDS: tuple[CommandSpec, ...] = (PAPER, DIGEST, FOLLOW, UNFOLLOW, NOTE, HELP)


def find(name: str) -> CommandSpec | None:
    """The command of that name."""
    return next((spec for spec in COMMANDS if spec.name == name), None)


def with_word(text: str) -> CommandSpec | None:
    """The command that has a verb or an option of that name: `/help layout` is about `/digest`."""
    word = text.strip().casefold().removeprefix("/").rstrip(":")
    word = word.removeprefix("digest ").removeprefix("paper ")
    for spec in COMMANDS:
        names = [option.name for option in spec.options if not option.free]
        names += [name for verb in spec.verbs for name in (verb.name, *verb.aliases)]
        if word in names:
            return spec
    return None


def describe(spec: CommandSpec, say: Translate) -> str:
    """The command in one line, for people."""
    return f"{spec.usage} — {say(spec.summary)}"
