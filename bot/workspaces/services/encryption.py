"""Encrypts tokens before they are stored (`PAPERBOT_SECRET_KEY`).

The setting holds one key or several, separated by commas: the first encrypts, all decrypt. So a key
is replaced by putting a new one in front; `slack_apps.reencrypt` then encrypts with it.
"""

import base64
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable

MISSING_KEY = translatable(
    "Tokens are stored encrypted: set PAPERBOT_SECRET_KEY to a secret of 32 characters or more, "
    "such as `openssl rand -base64 32` prints, and keep it"
)
WRONG_KEY = translatable(
    "The stored tokens of {workspace} cannot be read with PAPERBOT_SECRET_KEY: put the key that they "
    "were stored with behind a comma, or add the workspace again with “paperbot slack add”"
)
MISSING_EXTRA = translatable(
    "Encrypting tokens needs the package cryptography: pip install 'paper-digest-bot[workspaces]'"
)


class Encryption:
    """Encrypts with the first key, decrypts with any; raises `UsageError` where there is none."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise UsageError(MISSING_KEY)
        self._fernet, self._first = _fernet(keys), _fernet(keys[:1])

    def encrypt(self, text: str) -> str:
        """The text, encrypted and authenticated."""
        return str(self._fernet.encrypt(text.encode()).decode())

    def decrypt(self, encrypted: str, workspace: str) -> str:
        """The text; raises `UsageError` if no key fits. `workspace` is for the message."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - an extra

        try:
            return str(self._fernet.decrypt(encrypted.encode()).decode())
        except InvalidToken:
            raise UsageError(WRONG_KEY, workspace=workspace) from None

    def is_by_first_key(self, encrypted: str) -> bool:
        """Whether the first key decrypts it."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - an extra

        try:
            self._first.decrypt(encrypted.encode())
        except InvalidToken:
            return False
        return True

    def rotate(self, encrypted: str) -> str:
        """The same text, encrypted with the first key."""
        return str(self._fernet.rotate(encrypted.encode()).decode())


def _fernet(keys: Sequence[str]) -> Any:
    try:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(MISSING_EXTRA) from None
    # Fernet takes 32 bytes: derived from whatever random text the operator has.
    derived = (sha256(b"paperbot tokens\0" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
