"""Names of visitors."""

import pytest

from bot.platforms.web.visitors.names import clean_name, is_reserved


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  민지  ", "민지"),
        ("a\u202eb\u200b\u0000c", "abc"),
        ("two\n lines", "two lines"),
        ("\u2028\u2029\u00a0", ""),
        ("x" * 99, "x" * 40),
        ("\ud800", ""),
        ("\u3164\u2800\u115f\uffa0", ""),
        ("\u0301Ada", "Ada"),
        ("민\U000e0061지", "민지"),
    ],
)
def test_a_name_is_cleaned_to_one_visible_line(typed: str, kept: str):
    assert clean_name(typed) == kept


@pytest.mark.parametrize(
    "name",
    [
        *("paperbot", "PaperBot", "p a p e r b o t", "paper-bot", "paperbot 2", "the paperbot"),
        *(
            "рареrbоt",
            "ｐａｐｅｒｂｏｔ",
            "𝓹𝓪𝓹𝓮𝓻𝓫𝓸𝓽",
            "paperb0t",
            "p4perbot",
            "pàperbot",
            "ρaperbot",
        ),
        *("paper\u200bbot", "paper\u3164bot", "페이퍼봇", "페이퍼 봇", "ⓟⓐⓟⓔⓡⓑⓞⓣ"),
        *("Alice (Slack)", "Alice (Discord)", "Alice（Slack）", "Alice [slack #papers]"),
        *("Alice · Slack", "민지 (슬랙)", "Alice (ЅІасk)", "Alice (web)"),
        *(
            "운영자",
            "운영자님",
            "운 영 자",
            "관리자",
            "관리자1",
            "진짜 운영자",
            "봇",
            "시스템",
            "운영팀",
        ),
        *("admin", "Admin", "ADMIN", "аdmin", "adm1n", "admin123", "Alice Admin", "administrator"),
        *("Operator", "0perator", "operat0r", "the operator", "moderator", "root", "System"),
        *("admin님", "봇님", "관리자씨", "Alice봇", "방장", "어드민", "운영 담당자", "모더레이터"),
        *(
            "adm!n",
            "paperbo+",
            "paper8ot",
            "superuser",
            "Web Master",
            "slackbot",
            "Админ",
            "管理员",
        ),
        *("🅟🅐🅟🅔🅡🅑🅞🅣", "🇵🇦🇵🇪🇷🇧🇴🇹", "ꓑꓮꓑꓰꓣꓐꓳꓔ", "ᏢᎪᏢᎬᎡᏴᎾᎢ"),
        *("bot", "Guest 1a2b", "guest-1a2b", "손님 1a2b", "everyone", "@here", "cur\u00adator"),
    ],
)
def test_imitating_names_are_reserved(name: str):
    assert is_reserved(clean_name(name))


@pytest.mark.parametrize(
    "name",
    [
        *("민지", "Ada", "김운영", "Bo Sample", "Abbot", "Talbot", "Guest", "Paper", "Rob Ot"),
        *("Robot lover", "Ирина", "Αλέξανδρος", "José", "李明", "관리", "Minji (Seoul)", "🦉", "x"),
        *("", "Slackline", "Discordia", "Webster", "Rooter", "Hereford", "Nguyễn", "봇짐장수"),
        *("로봇", "나이", "Ada님", "민지씨", "Ada!", "C++", "최고봉", "방장호"),
    ],
)
def test_ordinary_names_are_allowed(name: str):
    assert not is_reserved(clean_name(name))
