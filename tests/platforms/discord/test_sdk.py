"""What is built for discord.py is what discord.py would send."""

import discord
import pytest

from bot.platforms.discord import sdk
from bot.platforms.discord.rendering.payload import Embed, Payload


@pytest.mark.parametrize("description", ["", "A *paper*"])
@pytest.mark.parametrize("footer", ["", "1/2"])
@pytest.mark.parametrize("url", [None, "https://example.org/x"])
def test_an_embed_is_sent_as_discord_py_would_send_it(
    description: str, footer: str, url: str | None
):
    [written] = sdk.embeds(Payload(embeds=(Embed(description, footer, url),)))
    theirs = discord.Embed(description=description, url=url, colour=0x5B7FA6)
    expected = (theirs.set_footer(text=footer) if footer else theirs).to_dict()

    assert dict(written.to_dict()) == {
        name: value for name, value in expected.items() if name not in {"type", "flags"}
    }
