"""Children that never outlive us, however we end: a signal from the kernel at the parent's death."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable

# <linux/prctl.h>
PR_SET_PDEATHSIG = 1


class LifetimeError(Exception):
    """A child can't be tied to our own life here: not Linux, or not the main thread."""


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """What ties a child to the life of this process: pass the result to `subprocess.Popen` as `preexec_fn`.

    The child gets `death_signal` as soon as this process is gone, SIGKILL included. It is meant for one start
    from the calling process. With `Popen(user=...)` it works too: CPython changes the user before it calls
    `preexec_fn` (Modules/_posixsubprocess.c, child_exec), and the kernel forgets the setting at such a change.

    Raises: LifetimeError on anything but Linux, and outside the main thread: the kernel watches the *thread* that
    forked (prctl(2), PR_SET_PDEATHSIG), so that a worker thread which ends takes the child along.
    """
    if sys.platform != "linux":
        raise LifetimeError("A child can be tied to its parent's life on Linux only.")
    if threading.current_thread() is not threading.main_thread():
        raise LifetimeError("Start this from the main thread: the child ends with the thread that started it.")
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up here: after the fork only the bare call is safe
    parent = os.getpid()

    def arm() -> None:
        if prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:  # it died before we asked: no signal will come
            os.kill(os.getpid(), signal.SIGKILL)

    return arm
