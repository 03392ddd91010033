"""The picture of a document: its chart, drawn."""

from dataclasses import replace

from bot.core.domain.document import Chart, Document
from bot.core.picture import draw
from bot.platforms.discord.rendering.payload import PictureFile


async def draw_chart(document: Document) -> tuple[Document, PictureFile | None]:
    """The document without its chart, and that as a picture; unchanged where it cannot be drawn."""
    chart = next((block for block in document.blocks if isinstance(block, Chart)), None)
    data = await draw(chart) if chart is not None else None
    if chart is None or data is None:
        return document, None
    others = tuple(block for block in document.blocks if block is not chart)
    return replace(document, blocks=others), PictureFile(data, chart.text)
