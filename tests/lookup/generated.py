"""Entries, replies and look-ups made at random, always the same for a seed."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.archive.domain.entry import Entry
from tests.archive_stage import an_entry

WORDS = [
    "모델",
    "학습",
    "강화학습",
    "강화",
    "보상모델",
    "보상",
    "언어",
    "대규모언어모델",
    "추론을",
    "추론",
    "데이터로",
    "합성",
    "이미지에서",
    "벡터",
    "가",
    "을",
    "ㅋㅋ",
    "model",
    "reward",
    "policy",
    "scaling",
    "attention",
    "transformer",
    "GPT-4",
    "state-of-the-art",
    "LLaMA",
    "llama-2",
    "lora",
    "RLHF",
    "Fréchet",
    "naïve",
    "Łukasz",
    "Straße",
    "Hägele",
    "ﬁne-tuning",
    "ＢＥＲＴ",
    "H₂O",
    "αₜ",
    "x²",
    "BERT™",
    "漢字",
    "カナ",
    "強化学習",
    "ไทย",
    "हिन्दी",
    "Transformer를",
    "3D를",
    "GPT의",
    "école",
    "İstanbul",
    "a_b",
    "C++",
    "🙂",
    "don't",
    "\\alpha",
    "$\\alpha_t$",
    "l'\\'ecole",
    "1.5B",
    "ㄱ",
    "각",
]
NAMES = [
    "Yejin Choi", "홍 길동", "홍길동", "남궁 민수", "Łukasz Kaiser", "Søren Čech", "Pál Erdős", "Erd\\H{o}s, P\\'al",
    "Alexander Hägele", "Choi Lee", "J. Lee", "J. J. Wang", "李 明", "O'Neil, Ann",
]  # fmt: skip
TAGS = [
    "rl",
    "moe",
    "ml/rl",
    "ml/rl/ppo",
    "ml",
    "long_context",
    "reward-model",
    "강화학습",
    "lora",
    "reasoning",
    "GAN",
    "gan",
]
NUMBERS = [f"2501.{n:05}" for n in range(1, 40)]
CHANNELS = ["slack:T1/C1", "slack:T1/C2", "discord:7/8", "web:board/papers"]


@dataclass(frozen=True)
class Said:
    """A reply about an entry, by its place among the entries."""

    about: int
    channel: str
    text: str


def entries(chance: random.Random, count: int) -> list[Entry]:
    """Entries of which many share words, and some are too long for PostgreSQL's vectors."""
    made = [_entry(chance, number) for number in range(count)]
    return [*made, *_long(chance)]


def _entry(chance: random.Random, number: int) -> Entry:
    def some(most: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(chance.randrange(most)))

    return an_entry(
        (some(6) or "Paper") + chance.choice(["", f": {some(4)}", "?"]),
        authors=tuple(chance.sample(NAMES, chance.randrange(4))),
        abstract=chance.choice([None, some(20)]),
        arxiv_id=chance.choice([None, *NUMBERS]),
        url=chance.choice([None, "https://example.org/paper"]),
        on=chance.choice([None, _day(chance)]),
        ko=some(25),
        en=chance.choice(["", some(15)]),
        tags=" ".join(chance.sample(TAGS, chance.randrange(4))),
        cites=tuple(chance.sample(NUMBERS, chance.randrange(3))),
        path=f"notes/{number}.md",
    )


def many_entries(chance: random.Random, count: int) -> list[Entry]:
    """Entries of a few words each: enough of them that not all are asked for the newest."""
    return [
        an_entry(
            chance.choice(WORDS),
            authors=(chance.choice(NAMES),),
            on=chance.choice([None, _day(chance)]) if chance.random() < 0.1 else _day(chance),
            ko=" ".join(WORDS[int(len(WORDS) * chance.random() ** 4)] for _ in range(4)),
            tags=chance.choice(["", *TAGS]),
            path=f"many/{number}.md",
        )
        for number in range(count)
    ]


def _day(chance: random.Random) -> date:
    return date(2024, 6, 1) + timedelta(days=chance.randrange(400))


def _long(chance: random.Random) -> Iterator[Entry]:
    """Too many words, one word too often, too many authors, too many bytes."""
    text = " ".join(chance.choice(WORDS) for _ in range(12_000))
    syllables = "".join(chr(chance.randrange(0xAC00, 0xD7A4)) for _ in range(120_000))
    for number, (title, authors, ko) in enumerate(
        [
            ("reward model of many words", (), text),
            ("the policy", ("Yejin Choi",), f"{'모델 학습 ' * 300} 강화 학습"),
            ("Observation of a model", tuple(f"J. {chance.choice(NAMES)}" for _ in range(600)), ""),
            ("벡터 모델", (), f"{syllables} 보상 모델 "),
            ("x" * 5000, (), f"{'가나' * 9000} policy {'z' * 40_000}"),
        ]
    ):
        yield an_entry(
            title, authors=authors, ko=ko, en="reward policy", tags="rl", path=f"long/{number}.md",
            abstract="scaling attention 모델", on=_day(chance),
        )  # fmt: skip


def replies(chance: random.Random, count: int, among: int) -> list[Said]:
    """Replies about some of so many entries."""
    said = [
        Said(
            chance.randrange(among),
            chance.choice(CHANNELS),
            " ".join(chance.choice(WORDS) for _ in range(1 + chance.randrange(12))),
        )
        for _ in range(count)
    ]
    return [*said, Said(0, CHANNELS[0], "모델 학습 " * 9000)]


def look_ups(chance: random.Random, texts: Sequence[str]) -> Iterator[str]:
    """Look-ups of every kind without end; words and phrases are cut out of `texts`."""
    terms: list[Callable[[], str]] = [
        *[lambda: _word(chance, texts)] * 6,
        *[lambda: f'"{_phrase(chance, texts)}"'] * 3,
        lambda: chance.choice(WORDS),
        lambda: f"#{chance.choice(TAGS)}",
        lambda: f"author:{chance.choice(chance.choice(NAMES).split())}",
        lambda: f'author:"{chance.choice(NAMES)}"',
        lambda: chance.choice(["date:", "before:", "after:"]) + _date(chance),
        lambda: chance.choice(["", "cites:"]) + chance.choice(NUMBERS),
        lambda: f"similar:{chance.choice(NUMBERS)}",
        lambda: f"path:{chance.choice(NUMBERS)}..{chance.randrange(1, 200)}",
        lambda: f"entry:{chance.randrange(1, 200)}",
        lambda: "in:discussion",
        lambda: "sort:new",
        lambda: chance.choice(("popular", "sort:popular", f"popular:{_date(chance)}")),
        lambda: "random",
        lambda: _misspelt(chance, texts),
    ]
    while True:
        chosen = [chance.choice(terms)() for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 4]))]
        yield " ".join(f"-{term}" if chance.random() < 0.15 else term for term in chosen)[:400]


def _word(chance: random.Random, texts: Sequence[str]) -> str:
    words = chance.choice(texts).split() or ["가"]
    word = chance.choice(words)[:40]
    if chance.random() < 0.5:
        return word
    start = chance.randrange(len(word))
    return word[start : start + 1 + chance.randrange(6)]


def _phrase(chance: random.Random, texts: Sequence[str]) -> str:
    words = chance.choice(texts).split() or ["가"]
    start = chance.randrange(len(words))
    phrase = " ".join(words[start : start + 1 + chance.randrange(4)])[:60]
    return phrase[chance.randrange(min(3, len(phrase))) :].replace('"', " ")


def _date(chance: random.Random) -> str:
    return _day(chance).isoformat()[: chance.choice([4, 7, 10])]


def _misspelt(chance: random.Random, texts: Sequence[str]) -> str:
    word = list(_word(chance, texts))
    word.insert(chance.randrange(len(word) + 1), chance.choice("xqé"))
    return chance.choice(["", "#", "author:"]) + "".join(word)
