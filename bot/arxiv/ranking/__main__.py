"""The worker: `python -m bot.arxiv.ranking learn|judge FILE`, papers on standard input.

Exit status 0: done; 3: scikit-learn is not installed; 4: not possible, and the last line of
standard error says why, as `lines.write_trouble` does.
"""

import contextlib
import os
import sys
from pathlib import Path

from bot.arxiv.ranking.lines import read_examples, read_new_papers, write_failure, write_judgement
from bot.core.domain.errors import RankerError

NOT_INSTALLED = 3
NOT_POSSIBLE = 4


def main(task: str, path: Path) -> int:
    """Do one task; returns the exit status."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)  # the bot goes first
    try:
        # Training imports scikit-learn, judging only what it is built on; both may be absent.
        from bot.arxiv.ranking.model import RankingModel  # noqa: PLC0415

        if task == "learn":
            RankingModel.learn(*read_examples(sys.stdin)).save(path)
        else:
            for judgement in RankingModel.load(path).judge(read_new_papers(sys.stdin)):
                sys.stdout.write(write_judgement(judgement) + "\n")
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_INSTALLED
    except RankerError as error:
        sys.stderr.write(write_failure(error) + "\n")
        return NOT_POSSIBLE
    except (OSError, ValueError) as error:
        trouble = RankerError("The ranking failed: {reason}", reason=str(error))
        sys.stderr.write(write_failure(trouble) + "\n")
        return NOT_POSSIBLE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
