"""Made-up notes and entries in the curator's manner, as many as are asked for, always the same."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

_STEMS = """
    모델 학습 추론 보상 정책 데이터 합성 언어 생성 이미지 주의 집중 확장 법칙 벤치마크 평가 성능 효율
    메모리 계산 비용 탐색 샘플링 증류 양자화 정렬 선호 피드백 토큰 임베딩 검색 문맥 길이 일반화 수렴
    최적화 스케줄 초기화 가중치 희소 전문가 혼합 디코딩 병렬 분산 압축 표현 인코더 디코더 확산 노이즈
"""
_WORDS = """
    model reward policy scaling attention transformer diffusion token context reasoning sparse
    expert mixture decoding search sample data synthetic preference feedback gradient loss rate
    schedule memory compute cost benchmark evaluation alignment retrieval embedding latent noise
"""
_ENDINGS = "을 를 이 가 은 는 에 의 로 에서 까지 했네요 입니다"
STEMS, WORDS, ENDINGS = _STEMS.split(), _WORDS.split(), ["", *_ENDINGS.split()]
TAGS = [f"{a}-{b}" for a in WORDS[:20] for b in WORDS[20:30]] + WORDS
FIRST, LAST = date(2017, 1, 1), date(2026, 12, 31)
NAMES = ["Ada", "Grace", "Alan", "Kurt", "Emmy", "Jinwoo", "Yejin", "Minsu", "Haeun", "Noether"]


class Pen:
    """Writes words, the common ones often: Zipf's way, as people do."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def some(self, words: list[str], count: int) -> list[str]:
        """`count` words, the first ones of the list most often."""
        chance = self._chance.random
        return [words[int(len(words) * chance() ** 3)] for _ in range(count)]

    def korean(self, count: int) -> str:
        """A sentence of `count` Korean words, particles glued on."""
        stems, endings = self.some(STEMS, count), self.some(ENDINGS, count)
        return " ".join(map("".join, zip(stems, endings, strict=True)))

    def english(self, count: int) -> str:
        """A sentence of `count` English words."""
        return " ".join(self.some(WORDS, count))

    def author(self) -> str:
        """A name."""
        return " ".join(self.some(NAMES, 2))

    def day(self) -> date:
        """A day of ten years."""
        return FIRST + timedelta(days=self._chance.randrange((LAST - FIRST).days))

    def arxiv_id(self, serial: int) -> str:
        """A paper's number, each serial its own."""
        return f"{17 + serial // 100000 % 10:02}{serial // 10000 % 10 + 1:02}.{serial % 100000:05}"


def write_vault(folder: Path, count: int) -> Path:
    """A vault of that many notes of about 1.2 kB, unless it is there."""
    if not folder.exists():
        pen = Pen(1)
        for path, text in _notes(pen, count):
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return folder


def _notes(pen: Pen, count: int) -> Iterator[tuple[str, str]]:
    for serial in range(count):
        on = pen.day()
        title = pen.english(7).title()
        authors = ", ".join(pen.author() for _ in range(6))
        tags = " ".join(f"#{tag}" for tag in dict.fromkeys(pen.some(TAGS, 3)))
        text = (
            f"https://arxiv.org/abs/{pen.arxiv_id(serial)}\n\n*{title}* ({authors})\n\n"
            f"> {pen.english(80)}\n\n{pen.korean(50)}. "
            f"(https://arxiv.org/abs/{pen.arxiv_id(serial // 2)})\n\n"
            f"<english>\n{pen.english(40)}.\n</english>\n\n{tags}\n"
        )
        yield f"{on.year}/{on:%y%m%d} {title} {serial}.md", text
