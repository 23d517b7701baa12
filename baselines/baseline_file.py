"""A baseline as one file, to carry it to another store."""

from baselines.baseline import Baseline
from baselines.baseline_document import baseline_document, baseline_from
from baselines.sealed_file import SealedFile

_FILE = SealedFile(
    name="portalwatch baseline",
    version=1,
    key="baseline",
    noun="exported baseline",
    again="export it again",
    command="portalwatch baseline export NAME FILE",
)


def pack(baseline: Baseline) -> bytes:
    """The content of the file; the same baseline gives the same bytes."""
    return _FILE.write(baseline_document(baseline))


def unpack(content: bytes) -> Baseline:
    """The baseline of such a file, with its approval. Raises BaselineError for what is none, or is damaged."""
    return _FILE.read(content, baseline_from)
