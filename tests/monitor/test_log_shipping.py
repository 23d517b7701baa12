"""The shipped configurations of log shippers: they name the fields that a real line of the service has."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

LOGS = Path(__file__).parents[2] / "deploy" / "logs"
ALLOY = (LOGS / "loki" / "config.alloy").read_text(encoding="utf-8")
FILEBEAT: dict[str, Any] = yaml.safe_load((LOGS / "elasticsearch" / "filebeat.yml").read_text(encoding="utf-8"))
# What has few values, so that a stream for each of them is no harm.
FEW_VALUES = {"level", "process"}


@pytest.fixture(scope="module")
def line() -> dict[str, Any]:
    """A line as the service writes it about a probe that failed."""
    script = (
        "import logging, sys; from monitor.logs import configure_logs; configure_logs(sys.stdout, process='probing');"
        "logging.getLogger('probes.probe_set').info('probe %s failed', 'a', extra={'correlation_id': 'c1'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    written: dict[str, Any] = json.loads(done.stdout)
    return written


def block(name: str) -> dict[str, str]:
    """The names and values of one stage's map in the configuration of Alloy."""
    found = re.search(rf"stage\.{name} {{\s*\w+ = {{(.*?)}}", ALLOY, re.DOTALL)
    assert found is not None, name
    return dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', found[1]))


def test_loki_takes_the_fields_of_a_line(line: dict[str, Any]) -> None:
    """Every field that is read is one that the line has, and labels and metadata are among those."""
    read = block("json")
    assert set(read.values()) <= set(line)
    assert set(block("labels").values()) | set(block("structured_metadata").values()) <= set(read)


def test_a_correlation_id_is_no_label_of_loki() -> None:
    """A label of a value for each request would be a stream for each request; it is structured metadata."""
    assert set(block("labels")) <= FEW_VALUES
    assert block("structured_metadata")["correlation_id"] == "correlation_id"


def test_the_configuration_of_loki_is_whole() -> None:
    """Braces match, and each component that lines are forwarded to is declared."""
    text = re.sub(r'//.*|"[^"]*"', "", ALLOY)
    assert text.count("{") == text.count("}")
    declared = {f"{kind}.{name}" for kind, name in re.findall(r'^([a-z_.]+) "(\w+)" {', ALLOY, re.MULTILINE)}
    forwarded = set(re.findall(r"(\w+\.\w+\.\w+)\.(?:receiver|targets)", ALLOY))
    assert forwarded
    assert forwarded <= declared


def test_elasticsearch_takes_the_fields_of_a_line(line: dict[str, Any]) -> None:
    """What is renamed, read and dropped is there under the target of the parser; an id is found as a whole."""
    (parsed,) = {one["parsers"][0]["ndjson"]["target"] for one in FILEBEAT["filebeat.inputs"]}
    by_name = {name: settings for one in FILEBEAT["processors"] for name, settings in one.items()}
    named = {one["from"] for one in by_name["rename"]["fields"]} | {by_name["timestamp"]["field"]}
    assert named <= {f"{parsed}.{key}" for key in line}
    assert {"from": f"{parsed}.correlation_id", "to": "correlation_id"} in by_name["rename"]["fields"]
    assert {"name": "correlation_id", "type": "keyword"} in FILEBEAT["setup.template"]["append_fields"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])


def test_no_shipper_names_a_host_or_a_secret() -> None:
    """Where lines go is the environment's to say, and so is the key."""
    for path in LOGS.rglob("*.*"):
        assert "://" not in path.read_text(encoding="utf-8"), path
