"""The values that Slack's requests and envelopes are parsed into."""

from datetime import datetime

from bot.core.domain.dataclass import dataclass
from bot.platforms.slack.rendering.modal import FormState, Input, values_of


@dataclass(frozen=True, slots=True)
class Location:
    """A channel, or a thread of it; `thread` is the timestamp of the thread's root."""

    channel: str
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command line from a person, typed after a slash, in a mention or in a direct message.

    `message` is the timestamp of the message that holds it; a slash command has none. The answer
    to a slash command goes to `response_url`. `trigger` opens a modal, once and within three seconds.
    """

    event_id: str
    line: str
    user: str
    user_name: str
    place: Location
    message: str | None = None
    response_url: str | None = None
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A command line from a button or a select menu.

    `block_id` is that of the pressed block. `is_ephemeral`: only the person who pressed sees the
    message. `place` is `None` in the App Home.
    """

    event_id: str
    line: str
    user: str
    user_name: str
    place: Location | None
    block_id: str
    is_ephemeral: bool
    response_url: str | None
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form in a modal, with what stands in it at that instant; `hash` is that of Slack's view.

    `at` is when somebody typed or pressed; Slack does not tell it of submissions.
    """

    view: str
    hash: str
    state: FormState
    inputs: tuple[Input, ...]
    user: str
    user_name: str
    at: datetime | None = None

    @property
    def values(self) -> dict[str, str]:
        """The text of each field."""
        return values_of(self.inputs)


@dataclass(frozen=True, slots=True)
class FormTyped:
    """Something was typed into a form, or the form was closed."""

    form: OpenForm


@dataclass(frozen=True, slots=True)
class FormPressed:
    """A further button of a form was pressed."""

    event_id: str
    form: OpenForm
    action: str


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A message, new or edited, in the thread of one of the bot's messages.

    `text` is everything that it says, as mrkdwn. `event_id` identifies this version of the message,
    whether it arrives as an event or is read from the history. `user_name` is set for apps only.
    `mentions_bot`: the author mentions the bot; a mention in quoted text does not count.
    """

    event_id: str
    channel: str
    root: str
    ts: str
    user: str
    text: str
    at: datetime
    edited_at: datetime | None = None
    user_name: str = ""
    mentions_bot: bool = False


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message in a thread was deleted."""

    event_id: str
    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Reacted:
    """A person put an emoji on a message of the bot or, unless it `is_added`, took it back."""

    event_id: str
    channel: str
    ts: str
    user: str
    emoji: str
    is_added: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """A person opened the bot's App Home."""

    event_id: str
    user: str


@dataclass(frozen=True, slots=True)
class AppRemoved:
    """The workspace removed the app or, with `is_revoked`, only revoked its token."""

    event_id: str
    at: datetime
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class AppGranted:
    """An organisation granted the app to workspaces, or with `is_withdrawn` took it from them."""

    organisation: str
    teams: tuple[str, ...]
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class OrganisationRemoved:
    """A whole organisation removed the app or revoked its token."""

    organisation: str
    event: AppRemoved


SlackEvent = (
    CommandRequest
    | ButtonPress
    | FormTyped
    | FormPressed
    | MessagePosted
    | MessageDeleted
    | Reacted
    | HomeOpened
    | AppRemoved
)


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot's ids in its workspace; `app` is empty if Slack does not tell it.

    `organisation` is set where the token is that of the workspace's organisation.
    """

    team: str
    user: str
    bot: str
    app: str = ""
    organisation: str = ""
