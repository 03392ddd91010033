"""The pages of an installation, in the language of the browser."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UserError
from bot.core.domain.i18n import Translate, error_text, translatable

_CANCELLED = translatable("The installation was cancelled in Slack. Nothing was changed.")
_OTHER_BROWSER = translatable(
    "This installation was not begun in this browser, or is finished already. If the app is not in "
    "your workspace, begin again here, and allow cookies."
)
_EXPIRED = translatable(
    "This installation has expired or was finished already. If the app is not in your workspace, "
    "begin again."
)
_NOT_GIVEN = translatable("Slack did not confirm the installation. Begin again.")
_UNREACHABLE = translatable("Slack does not answer at the moment. Try again in a few minutes.")
_NOT_STORED = translatable("The installation could not be stored. Try again in a few minutes.")

REASONS: Mapping[str, str] = {
    "access_denied": _CANCELLED,
    "invalid_browser": _OTHER_BROWSER,
    "invalid_state": _EXPIRED,
    "missing_code": _NOT_GIVEN,
    "invalid_code": _NOT_GIVEN,
    "unreachable": _UNREACHABLE,
    "storage_error": _NOT_STORED,
}
"""What each reason of slack-bolt, or of ours, means to the person."""


@dataclass(frozen=True, slots=True)
class PageStyle:
    """How pages look and in what language: by the headers of the request."""

    voice: Callable[[Mapping[str, str]], Translate]
    stylesheets: Sequence[str] = ()


def install_page(style: PageStyle, say: Translate, url: str) -> str:
    """The page from which a person goes to Slack, at `url`."""
    return _page(
        style,
        say,
        say("Add paperbot to Slack"),
        (
            say(
                "paperbot posts a curator's notes on papers to the channels that you choose, finds "
                "papers, and keeps what is said about them together."
            ),
            say(
                "Slack shows what the app may do and asks you to confirm. Your workspace may want an "
                "administrator to approve it."
            ),
        ),
        link=(url, say("Add to Slack")),
    )


def success_page(
    style: PageStyle, say: Translate, workspace: str, *, is_organisation: bool = False
) -> str:
    """The page after an installation, in a workspace or for an organisation."""
    # Slack adds the app of an organisation to no workspace by itself.
    first = say(
        "Now add the app to workspaces: in Slack's organisation settings, open Integrations, "
        "Installed apps."
    )
    return _page(
        style,
        say,
        say("paperbot is in {workspace}", workspace=workspace),
        (
            *((first,) if is_organisation else ()),
            say("In a channel, type /invite @paperbot, then /digest here for a daily digest."),
            say("Type /help to see what else it does."),
        ),
    )


def failure_page(style: PageStyle, say: Translate, reason: str, error: UserError | None) -> str:
    """The page where an installation did not come about."""
    words = error_text(error, say) if error is not None else say(REASONS.get(reason, _NOT_GIVEN))
    return _page(
        style,
        say,
        say("paperbot was not added"),
        (words,),
        link=("/slack/install", say("Begin again")),
    )


def _page(
    style: PageStyle,
    say: Translate,
    title: str,
    paragraphs: Sequence[str],
    *,
    link: tuple[str, str] | None = None,
) -> str:
    sheets = "".join(
        f'<link rel="stylesheet" href="{escape(sheet)}">' for sheet in style.stylesheets
    )
    words = "".join(f"<p>{escape(words)}</p>" for words in paragraphs)
    further = f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
    return (
        f'<!doctype html><html lang="{escape(say.locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>{sheets}</head>"
        f'<body class="reading"><main id="content"><h1>{escape(title)}</h1>{words}{further}</main>'
        "</body></html>"
    )
