"""The busiest and the largest processes of this very machine, without what they were called with."""

import subprocess
import sys

from probes.host.busiest import busiest_processes

BUSY = "import time\nprint(1, flush=True)\nwhile True: time.perf_counter()"


def test_a_busy_process_is_found_without_its_arguments() -> None:
    """A loop shows up by its name and its share of a processor; the secret it was started with does not."""
    with subprocess.Popen([sys.executable, "-c", BUSY, "--password=geheim"], stdout=subprocess.PIPE) as busy:
        try:
            assert busy.stdout is not None
            busy.stdout.readline()
            found = busiest_processes()
        finally:
            busy.kill()
    (one,) = [each for each in found if each.pid == busy.pid]
    assert one.cpu_share > 0.01
    assert one.resident_bytes > 1_000_000
    assert "geheim" not in repr(found)
    assert 5 <= len(found) <= 10
    assert [each.cpu_share for each in found] == sorted((each.cpu_share for each in found), reverse=True)
