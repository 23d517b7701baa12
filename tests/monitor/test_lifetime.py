import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

import monitor
from monitor.lifetime import LifetimeError, die_with_parent

PARENT = """
import signal, subprocess, sys, time
from monitor.lifetime import die_with_parent
user = int(sys.argv[1]) if len(sys.argv) > 1 else None
child = subprocess.Popen(["sleep", "600"], preexec_fn=die_with_parent(signal.SIGTERM), user=user, cwd="/")
print(child.pid, flush=True)
time.sleep(600)
"""

# The parent that asked is not the one that starts: as if it had died in between.
ORPHAN = """
import os, signal, subprocess
from monitor.lifetime import die_with_parent
arm = die_with_parent(signal.SIGTERM)
if os.fork() == 0:
    child = subprocess.Popen(["sleep", "600"], preexec_fn=arm)
    try:
        ended = child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        ended = 0
    os._exit(0 if ended == -signal.SIGKILL else 1)
_, status = os.wait()
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


def python(script: str, *arguments: str) -> "subprocess.Popen[bytes]":
    path = os.pathsep.join([str(Path(monitor.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path})


def lives(process: psutil.Process) -> bool:
    """Whether it runs; one that ended may wait as a zombie for a lazy init."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize(
    "user",
    [None, pytest.param("65534", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user"))],
)
def test_a_child_dies_with_its_parent(how: signal.Signals, user: str | None) -> None:
    """However the parent is killed, its child is gone too, also one that runs as another user."""
    with python(PARENT, *([user] if user else [])) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert lives(child)
        parent.send_signal(how)
    deadline = time.monotonic() + 20
    try:
        while lives(child):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        if lives(child):
            child.kill()


def test_a_child_born_after_its_parent_died_does_not_live() -> None:
    """When the parent dies before the child can ask for the signal, the child ends itself."""
    with python(ORPHAN) as process:
        assert process.wait() == 0


def test_another_thread_is_refused() -> None:
    """The kernel watches the thread, so a child started from a worker would end with that worker."""
    errors: list[LifetimeError] = []

    def attempt() -> None:
        try:
            die_with_parent(signal.SIGTERM)
        except LifetimeError as error:
            errors.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in str(errors[0])


def test_other_systems_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only Linux has the signal; elsewhere the caller must choose another way."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(LifetimeError, match="Linux only"):
        die_with_parent(signal.SIGTERM)
