"""B12: errors a second that one service process takes in and writes, and whether 2,000 a second disturb a probe."""

import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psutil

from tests.bench.result import Result

GOAL = 2_000.0
PAIRS = 5
SECONDS = 4.0
PROBES = {"connection": "kept_alive", "rate": 100, "runs": 300}
BIAS_GOAL_RATIO = 1.1


def b12() -> Result:
    """Errors of 500 kinds, each with a stack of 15 frames, from 16 connections with a token; each that was accepted is
    written. `cpu_us` is the processor time of the service for one. Probes run in a process of their own, against
    a server that answers at once; they are held against probes beside a process that takes as much of a processor for
    nothing, because a machine that is awake is another one than a machine that sleeps between two probes (`quiet`).
    """
    figures = defaultdict[str, list[float]](list)
    with ExitStack() as stack:
        intake = stack.enter_context(_running("intake_server"))
        port, token = json.loads(_line(intake))
        sender = stack.enter_context(_running("sender", str(port), token))
        target = int(_line(stack.enter_context(_running("prompt_server"))))
        prober = stack.enter_context(_running("prober", f"http://127.0.0.1:{target}"))
        burner = stack.enter_context(_running("burner"))
        service, sent = psutil.Process(intake.pid), 0.0
        _ask(prober, PROBES)
        sent += _sending(sender, rate=0.0, seconds=1.0)()[0]
        for _ in range(PAIRS):
            before = sum(service.cpu_times()[:2])
            accepted, seconds = _sending(sender, rate=0.0)()
            sent += accepted
            figures["events_per_second"].append(accepted / seconds)
            # Until the last of them are written.
            time.sleep(1.5)
            figures["cpu_us"].append((sum(service.cpu_times()[:2]) - before) / accepted * 1e6)
            figures["events_per_core_second"].append(1e6 / figures["cpu_us"][-1])
            quiet = statistics.median(_ask(prober, PROBES))
            _tell(burner, {"seconds": SECONDS, "rate": GOAL, "busy": figures["cpu_us"][-1] / 1e6})
            _line(burner)
            time.sleep(0.3)
            beside = statistics.median(_ask(prober, PROBES))
            _line(burner)
            sending = _sending(sender, rate=GOAL)
            time.sleep(0.3)
            loaded = statistics.median(_ask(prober, PROBES))
            accepted, seconds = sending()
            sent += accepted
            figures["paced_per_second"].append(accepted / seconds)
            figures["quiet_p50_ms"].append(quiet * 1000)
            figures["loaded_p50_ms"].append(loaded * 1000)
            figures["beside_p50_ms"].append(beside * 1000)
            figures["loaded_to_beside_p50"].append(loaded / beside)
            time.sleep(1.5)
        _tell(intake, {})
        figures["written_share"].append(int(_line(intake)) / sent)
    bias = statistics.median(figures["loaded_to_beside_p50"])
    met = statistics.median(figures["events_per_core_second"]) >= GOAL and bias <= BIAS_GOAL_RATIO
    return Result(
        id="B12",
        goal=f"at least {GOAL:,.0f} errors a second of a core, all of them written; a probe's median under that rate "
        f"at most {BIAS_GOAL_RATIO} times that beside any process as busy",
        figures=figures,
        ratio=figures["loaded_to_beside_p50"],
        met=met and figures["written_share"] == [1.0],
    )


@contextmanager
def _running(module: str, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def _tell(process: "subprocess.Popen[str]", order: object) -> None:
    assert process.stdin is not None
    print(json.dumps(order), file=process.stdin, flush=True)


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _sending(sender: "subprocess.Popen[str]", *, rate: float, seconds: float = SECONDS) -> Callable[[], list[float]]:
    """Lets it begin; what comes of it is to be asked for later: how many were accepted, in how many seconds."""
    _tell(sender, {"seconds": seconds, "rate": rate})
    _line(sender)
    return lambda: json.loads(_line(sender))


def _ask(process: "subprocess.Popen[str]", order: object) -> list[float]:
    _tell(process, order)
    found: list[float] = json.loads(_line(process))
    return found
