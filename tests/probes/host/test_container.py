"""A container's limits, read from the files of its cgroup."""

from pathlib import Path

import pytest

from probes.host.container import ContainerTime, container_memory_usage, container_time


def cgroup(directory: Path, **files: str) -> Path:
    """A folder like that of a container's cgroup; `_` stands for the dot of a file's name."""
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text)
    return directory


def test_memory_is_a_share_of_what_the_container_may_use(tmp_path: Path) -> None:
    """Pages of files that can be given back do not count."""
    one = cgroup(
        tmp_path, memory_max="1000\n", memory_current="700\n", memory_stat="anon 300\ninactive_file 200\nfile 400\n"
    )
    assert container_memory_usage(one) == 0.5


def test_processor_time_is_that_of_the_container(tmp_path: Path) -> None:
    """One and a half processors, of which two seconds were used."""
    one = cgroup(tmp_path, cpu_max="150000 100000\n", cpu_stat="usage_usec 2000000\nuser_usec 1500000\n")
    assert container_time(one) == ContainerTime(used_seconds=2.0, processors=1.5)


@pytest.mark.parametrize("files", [{}, {"memory_max": "max\n", "cpu_max": "max 100000\n"}])
def test_without_limits_the_host_is_what_counts(tmp_path: Path, files: dict[str, str]) -> None:
    """Neither a host, which has no such files, nor a container without limits has a share of its own."""
    one = cgroup(tmp_path, **files)
    assert container_memory_usage(one) is None
    assert container_time(one) is None
