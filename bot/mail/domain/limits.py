"""How often addresses may be asked: the bot must not be a tool to bother strangers.

The counts are of confirmation messages that were sent, by whoever asked for them.
"""

from datetime import timedelta

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable

DAY, MONTH = timedelta(days=1), timedelta(days=30)

ADDRESS_A_DAY, ADDRESS_A_MONTH = 1, 3
PERSON_A_DAY, ALL_A_DAY = 10, 200


@dataclass(frozen=True, slots=True)
class Asked:
    """How many confirmation messages there were: to the address, for the person, and in all."""

    address_today: int = 0
    address_this_month: int = 0
    person_today: int = 0
    all_today: int = 0


def check(asked: Asked, *, by_operator: bool) -> None:
    """Raise `UsageError` if one more may not be sent; an operator has only the limits of the address."""
    if asked.address_today >= ADDRESS_A_DAY:
        raise UsageError(
            translatable(
                "This address was asked today already: its owner confirms by the link in that message. "
                "It can be asked again tomorrow"
            )
        )
    if asked.address_this_month >= ADDRESS_A_MONTH:
        raise UsageError(
            translatable("This address was asked too often this month: it is left alone for now")
        )
    if not by_operator and asked.person_today >= PERSON_A_DAY:
        raise UsageError(
            translatable("You asked {n} addresses today: ask further ones tomorrow"),
            n=PERSON_A_DAY,
        )
    if not by_operator and asked.all_today >= ALL_A_DAY:
        raise UsageError(
            translatable("{n} addresses were asked today: ask further ones tomorrow"), n=ALL_A_DAY
        )
