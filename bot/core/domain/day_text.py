"""A date as people of each language write it."""

from datetime import date

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_KOREAN_DAYS = "월화수목금토일"


def day_text(day: date, locale: str, *, weekday: bool = False) -> str:
    """`2025년 2월 4일` or `4 February 2025`, with the day of the week on request."""
    if locale == "ko":
        text = f"{day.year}년 {day.month}월 {day.day}일"
        return f"{text} {_KOREAN_DAYS[day.weekday()]}요일" if weekday else text
    text = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{_DAYS[day.weekday()]}, {text}" if weekday else text


def month_text(month: date, locale: str) -> str:
    """`2025년 2월` or `February 2025`, for any day of the month."""
    if locale == "ko":
        return f"{month.year}년 {month.month}월"
    return f"{_MONTHS[month.month - 1]} {month.year}"
