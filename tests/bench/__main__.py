"""`python -m tests.bench [ID]`."""

import sys

from tests.bench.b1 import b1
from tests.bench.b2 import b2
from tests.bench.b3 import b3
from tests.bench.b4 import b4
from tests.bench.b5 import b5
from tests.bench.b6 import b6
from tests.bench.b7 import b7
from tests.bench.b8 import b8
from tests.bench.b9 import b9
from tests.bench.b10 import b10
from tests.bench.b11 import b11
from tests.bench.b12 import b12
from tests.bench.result import write

BENCHMARKS = {
    "B1": b1,
    "B2": b2,
    "B3": b3,
    "B4": b4,
    "B5": b5,
    "B6": b6,
    "B7": b7,
    "B8": b8,
    "B9": b9,
    "B10": b10,
    "B11": b11,
    "B12": b12,
}


def main() -> int:
    """Run what was asked for, or everything; 1 where a goal was missed."""
    chosen = [one.upper() for one in sys.argv[1:]] or list(BENCHMARKS)
    if unknown := [one for one in chosen if one not in BENCHMARKS]:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    met = [write(BENCHMARKS[one]()) for one in chosen]
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
