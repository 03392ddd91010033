"""The last known locale of each person (table `person_locale`)."""

from bot.core.database.database import Statements, Transaction


def find(statements: Statements, person: str) -> str:
    """The person's locale as the platform wrote it (`ko`, `en-US`), or empty."""
    row = statements.one(
        "SELECT locale FROM person_locale WHERE person = :person", {"person": person}
    )
    return str(row["locale"]) if row is not None else ""


async def put(tx: Transaction, person: str, locale: str) -> None:
    """Store the person's locale."""
    await tx.run(
        """
        INSERT INTO person_locale (person, locale) VALUES (:person, :locale)
        ON CONFLICT (person) DO UPDATE SET locale = excluded.locale
        """,
        {"person": person, "locale": locale},
    )


async def forget(tx: Transaction, person: str) -> None:
    """Delete the person's locale."""
    await tx.run("DELETE FROM person_locale WHERE person = :person", {"person": person})
