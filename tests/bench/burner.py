"""`python -m tests.bench.burner`: a process that takes a share of a processor and has nothing to do with anybody.

A line `{"seconds": S, "rate": R, "busy": B}` on standard input: R times a second it is busy for B seconds of processor
time. It is answered with an empty line once it begins, and with another one when it is over.
"""

import json
import sys
import time


def main() -> None:
    """Burn by order until standard input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        print(flush=True)
        started = time.perf_counter()
        for turn in range(int(order["seconds"] * order["rate"])):
            until = time.process_time() + order["busy"]
            while time.process_time() < until:
                pass
            time.sleep(max(0.0, started + (turn + 1) / order["rate"] - time.perf_counter()))
            if time.perf_counter() > started + order["seconds"]:
                break
        print(flush=True)


if __name__ == "__main__":
    main()
