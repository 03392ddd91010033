"""`python -m bot` is `paperbot`."""

import sys

from bot.cli import main

if __name__ == "__main__":
    sys.exit(main())
