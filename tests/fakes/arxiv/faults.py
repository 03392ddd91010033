"""What can go wrong with an answer, on purpose."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """One way for an answer to be bad."""

    THROTTLED = "throttled"  # 429, with `value` seconds of Retry-After if given
    NOT_ACCEPTABLE = "not_acceptable"  # 406 and a page: how the edge throttles since September 2026
    FORBIDDEN = "forbidden"  # 403 and a page
    GONE = "gone"  # 404 and a page: the edge knows no such place for now
    THROTTLED_AS_200 = "throttled_as_200"  # "Rate exceeded." as if it were an answer
    UNAVAILABLE = "unavailable"  # 503 and a page
    HTML = "html"  # a page with 200
    TRUNCATED = "truncated"  # well-formed HTTP, cut XML
    CUT_OFF = "cut_off"  # the connection ends before the body does
    DROPPED = "dropped"  # the connection ends before any answer
    HANGS = "hangs"  # no answer, for `value` seconds
    REDIRECT = "redirect"  # to `value`
    HUGE = "huge"  # `value` MiB, without saying so beforehand
    HUGE_ANNOUNCED = "huge_announced"  # the same with a Content-Length
    GZIP_BOMB = "gzip_bomb"  # `value` MiB in some kB
    ENTITY_BOMB = "entity_bomb"  # a billion laughs
    EXTERNAL_ENTITY = "external_entity"  # a document type that fetches `value`
    EMPTY = "empty"  # a valid answer without papers
    REFUSED = "refused"  # 400: the question is wrong, they say
    BAD_REQUEST = "bad_request"  # 400 and a page: something in between says no
    LATIN = "latin"  # bytes that are no UTF-8


@dataclass(slots=True)
class Fault:
    """After `after` good ones, the next `times` answers to paths that contain `path` are bad."""

    kind: FaultKind
    times: int = 1
    value: str = ""
    path: str = ""
    after: int = 0


LAUGHS = (
    '<?xml version="1.0"?>\n<!DOCTYPE lolz [\n <!ENTITY lol "lol">\n'
    + "".join(f' <!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">\n' for n in range(1, 10))
    + ']>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>&lol9;</title></feed>\n'
)
PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Back soon</title></head>"
    "<body><h1>We are having a look</h1></body></html>\n"
)
