"""Hands failures over to portalwatch: bounded, in a thread of its own, and never in a request's way."""

import atexit
import json
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from pydantic import SecretStr

from monitor.instrumentation.failure import Failure

_TIMEOUT_SECONDS = 5.0


class Reporter(Protocol):
    """Takes failures. It must neither wait nor raise: a request is standing behind it."""

    def report(self, failure: Failure) -> None:
        """One failure."""


class HttpReporter:
    """Posts each failure once; what does not fit into its queue is dropped.

    `count` is told "sent", "refused" (any answer but success), "failed" (no answer) or "dropped", from either thread.
    """

    def __init__(self, url: str, token: SecretStr, *, capacity: int, count: Callable[[str], None]) -> None:
        self._url = url
        self._token = token
        self._count = count
        self._waiting: queue.Queue[Failure | None] = queue.Queue(capacity)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def report(self, failure: Failure) -> None:
        """Queue it, or count it as dropped."""
        try:
            self._waiting.put_nowait(failure)
        except queue.Full:
            self._count("dropped")
            return
        if self._thread is None:
            self._start()

    def close(self, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        """Post what is waiting, for so long at most. Blocks."""
        with self._starting:
            thread = self._thread
        if thread is not None:
            try:
                self._waiting.put(None, timeout=timeout_seconds)
            except queue.Full:
                return
            thread.join(timeout_seconds)

    def _start(self) -> None:
        # Not before the first failure: a server that forks its workers would leave the thread in the parent.
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._post_all, name="portalwatch-reports", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _post_all(self) -> None:
        import httpx  # a portal without failures never loads it

        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}", "Content-Type": "application/json"}
        with httpx.Client(timeout=_TIMEOUT_SECONDS, headers=headers, trust_env=False) as client:
            while (failure := self._waiting.get()) is not None:
                try:
                    # ASCII, as a message may have half a character, which can't be sent as it is.
                    answer = client.post(self._url, content=json.dumps(failure.document()))
                except Exception:  # whatever it is, the next failure is to be told
                    self._count("failed")
                else:
                    self._count("sent" if answer.is_success else "refused")
