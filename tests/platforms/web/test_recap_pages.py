"""The pages of recaps: the same as in chat, with the chart as SVG."""

from datetime import date
from zoneinfo import ZoneInfo

from bot.recap.services.pages import RecapPages
from tests.archive_stage import an_entry, keep_apart
from tests.databases import throw_away
from tests.platforms.web.stage import staged


async def test_a_week_a_month_and_a_year_have_pages_in_the_readers_language():
    async with throw_away() as db:
        week = [date(2025, 2, day) for day in (3, 4, 5, 6, 7)]
        papers = [an_entry(f"Paper {day}", on=day, tags="rl <moe>") for day in week]
        await keep_apart(db, *papers)
        pages = RecapPages(db, zone=ZoneInfo("Asia/Seoul"))
        async with staged(look_back=pages) as stage:
            told = {}
            for name in ("2025-W06", "2025-02", "2025", "2025-W07", "week", "nonsense"):
                async with stage.client.get(stage.url(f"/recap/{name}")) as response:
                    told[name] = (response.status, await response.text())
            korean = {"Accept-Language": "ko"}
            async with stage.client.get(stage.url("/recap/2025-02"), headers=korean) as response:
                in_korean = await response.text()

    for name, heading in (("2025-W06", "week 6 of 2025"), ("2025-02", "February 2025")):
        status, page = told[name]
        assert status == 200
        assert f"Looking back on {heading}" in page
        assert 'role="img"' in page
        assert "Papers by tag" in page
        assert "style=" not in page
    assert 'href="/recap/2025-W05"' in told["2025-W06"][1]
    assert 'href="/recap/2025-02"' in told["2025-W06"][1]
    assert "0 papers, too few to look back on" in told["2025-W07"][1]
    assert told["week"][0] == 200
    assert told["nonsense"][0] == 404
    assert "2025년 2월 돌아보기" in in_korean
