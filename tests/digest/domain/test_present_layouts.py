from datetime import date

import pytest

from bot.channels.domain.digest_options import Layout
from bot.core.domain import command_line
from bot.core.domain.document import Buttons, Document, Quote, plain_text
from bot.core.domain.i18n import ENGLISH
from bot.digest.domain.digest import Digest
from bot.digest.domain.present_digest import present_digest
from bot.digest.domain.present_layouts import count_messages, present_layouts
from tests.digest.domain.test_present_digest import DAY, stored


@pytest.mark.parametrize("layout", Layout)
def test_messages_are_counted_as_they_are_posted(layout: Layout) -> None:
    entries = tuple(stored(number) for number in range(1, 6))
    intros = {entry.id: Document((), "intro") for entry in entries}

    posts = present_digest(
        Digest(DAY, entries), languages=(), layout=layout, say=ENGLISH, openings=intros
    )

    in_threads = [post for post in posts if post.reply_to is not None]
    assert count_messages(layout) == (len(posts) - len(in_threads), len(in_threads))


def test_every_layout_has_a_preview_and_one_button() -> None:
    blocks = present_layouts(
        date(2025, 2, 4), ["First", "Second", "Third"], waits=True, say=ENGLISH
    )

    lines = [
        button.command for block in blocks if isinstance(block, Buttons) for button in block.buttons
    ]
    shown = [plain_text(block.inlines) for block in blocks if isinstance(block, Quote)]
    assert lines == [f"/digest here layout:{layout}" for layout in Layout]
    assert all(command_line.parse_line(line or "").options["layout"] for line in lines)
    assert all("Third" not in text for text in shown)
    assert sum("2. Second" in text for text in shown) == len(Layout)
