"""The drafting of texts, built from the settings."""

from bot.core.domain.errors import UserError
from bot.core.domain.i18n import Translate, error_text
from bot.core.ports import Finding
from bot.desk.client.completions import CompletionsClient, Endpoint
from bot.desk.services.context import Drafting
from bot.settings import Settings


def drafting_client(settings: Settings) -> CompletionsClient | None:
    """The client of the service that drafts; `None` without `DRAFT_URL`."""
    if settings.draft_url is None or settings.draft_model is None:
        return None
    key = settings.draft_key.get_secret_value() if settings.draft_key is not None else ""
    return CompletionsClient(
        Endpoint(settings.draft_url, settings.draft_model, key, settings.draft_timeout)
    )


def drafting(settings: Settings) -> Drafting | None:
    """What the form of a note offers to draft with."""
    client = drafting_client(settings)
    return Drafting(client, settings.draft_budget) if client is not None else None


async def check_drafting(settings: Settings, say: Translate) -> Finding:
    """Whether texts can be drafted, and the service answers; no text is sent to it."""
    subject = "DRAFT_URL"
    client = drafting_client(settings)
    if client is None:
        return Finding(subject, ok=True, words=say("off: no text is drafted for notes"))
    try:
        models = await client.list_models()
    except UserError as error:
        return Finding(subject, ok=False, words=error_text(error, say))
    if models is None:
        words = say("on, and it answers, but does not list its models: {model}", model=client.name)
        return Finding(subject, ok=True, words=words)
    words = say(
        "on, and it answers: {model}, at most {n} a day",
        model=client.name,
        n=settings.draft_budget,
    )
    if models and settings.draft_model not in models:
        words = say(
            "it answers, but does not list the model of DRAFT_MODEL: {model}", model=client.name
        )
        return Finding(subject, ok=False, words=words)
    return Finding(subject, ok=True, words=words)
