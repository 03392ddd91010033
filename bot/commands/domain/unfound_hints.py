"""What to type instead of a look-up that finds nothing: a command was meant, or a day."""

from datetime import date

from bot.archive.domain.typed_dates import Days, find_date
from bot.core.domain.i18n import Translate
from bot.core.domain.late import late_pattern
from bot.discussion.domain.questions import near_word

_FORGET = late_pattern(r"(?:please )?(?:forget|delete|erase|remove) (?:me|my)\b.*|forget|.*잊어.*")
_QUESTION = late_pattern(r"(?:how|what|when|where|who|why|can|do|does|is|show me)\b.+|.+[?？]")
_KOREAN_QUESTION = late_pattern(r".*(?:어떻게|언제|누가|왜 |방법|알려).*")


def list_hints(asked: str, today: date, say: Translate) -> list[str]:
    """Sentences to show beneath “nothing found”; none for an ordinary query."""
    folded = " ".join(asked.casefold().split())
    word = near_word(asked)
    if word:
        return [say("In a paper's thread, ask “{call}”.", call=f"@paperbot {word}")]
    if find_date(asked, Days(today)) is not None:
        return [say("“{line}” shows the digest of that day.", line=f"/digest {asked.strip()}")]
    if _FORGET.fullmatch(folded):
        return [say("“{line}” deletes what you wrote in discussions.", line="/paper forget-me")]
    if _QUESTION.fullmatch(folded) or _KOREAN_QUESTION.fullmatch(folded):
        return [
            say(
                "Write the words to look for; “{line}” finds papers in whose discussion somebody "
                "wrote a word. “{help}” shows everything that can be asked.",
                line="/paper in:discussion …",
                help="/help",
            )
        ]
    return []
