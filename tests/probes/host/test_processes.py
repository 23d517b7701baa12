"""Processes found by their command lines, on this very machine."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator

import psutil
import pytest

from probes.host.processes import Processes, find_processes

BUSY = (
    "import sys, time; spent = time.process_time; [0 for _ in iter(lambda: spent() < 0.3, False)]; print(1, flush=True)"
)


@pytest.fixture
def program() -> Iterator[str]:
    """The name of a program of which two processes run, each having used 0.3 s of processor time."""
    name = f"program-{uuid.uuid4().hex}"
    command = [sys.executable, "-c", f"{BUSY}; sys.stdin.read()", name]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    yield name
    for process in started:
        process.communicate()


def test_all_processes_of_a_program_are_added_up(program: str) -> None:
    """Number, processor time, memory and open files of two are those of both; whoever is not there is none."""
    patterns = {"program": re.compile(f"{program}$"), "nobody": re.compile(uuid.uuid4().hex)}
    found = find_processes(patterns, count_files=True)
    both = found["program"]
    assert both.count == len(both.cpu_seconds) == 2
    assert all(seconds >= 0.25 for seconds in both.cpu_seconds.values())
    assert both.resident_bytes > 2 * 1024 * 1024
    assert both.open_files >= 6
    assert not both.denied
    assert found["nobody"] == Processes()


def test_the_prober_is_none_of_them() -> None:
    """A pattern that stands in our own command line does not find us."""
    own = re.compile(re.escape(" ".join(psutil.Process().cmdline())))
    (found,) = find_processes({"own": own}, count_files=False).values()
    assert os.getpid() not in {pid for pid, _ in found.cpu_seconds}


def test_time_since_is_that_of_each_process() -> None:
    """One went on, one is new, one has gone; a process with the number of another one is a new one."""
    earlier = Processes(cpu_seconds={(1, 0.0): 5.0, (2, 0.0): 7.0, (4, 0.0): 9.0})
    now = Processes(cpu_seconds={(1, 0.0): 6.0, (3, 0.0): 2.0, (4, 10.0): 0.5})
    assert now.cpu_seconds_since(earlier) == 3.5


def test_what_another_user_hides_is_denied(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes are counted, and their figures are known to be unknown."""

    def deny(_: object) -> None:
        raise psutil.AccessDenied

    for figure in ("cpu_times", "num_fds"):
        monkeypatch.setattr(f"psutil._psplatform.Process.{figure}", deny)
    (found,) = find_processes({"program": re.compile(f"{program}$")}, count_files=True).values()
    assert (found.count, found.denied, found.files_denied) == (2, True, True)
