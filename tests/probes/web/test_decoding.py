"""Bodies without their compression, and never more of them than was asked for."""

import gzip
import tracemalloc
import zlib

import pytest

from baselines.measurement import Reason
from probes import ProbeFailed
from probes.web.decoding import decoded

TEXT = b"hello, portal" * 10


def bare_deflate(text: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeezer.compress(text) + squeezer.flush()


@pytest.mark.parametrize(
    ("encodings", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("GZIP", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:20]) + gzip.compress(TEXT[20:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
    ],
    ids=["no_coding", "identity", "upper_case", "two_members", "deflate", "bare_deflate", "one_in_the_other"],
)
def test_every_coding_we_ask_for_is_undone(encodings: str, body: bytes) -> None:
    """gzip of one or several members, deflate with and without its frame, and one within the other."""
    assert decoded(body, encodings, len(TEXT)) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_an_empty_body_is_nothing_compressed(encoding: str) -> None:
    """As the answer to HEAD has it."""
    assert decoded(b"", encoding, 10) == b""


@pytest.mark.parametrize(
    ("encodings", "body"),
    [("gzip", gzip.compress(TEXT)[:-9]), ("deflate", b"\x00hello"), ("gzip", TEXT), ("br", TEXT), ("zstd", TEXT)],
    ids=["cut_off", "bad_deflate", "no_gzip", "brotli", "zstd"],
)
def test_what_can_not_be_undone_is_a_broken_protocol(encodings: str, body: bytes) -> None:
    """Cut off, no compression at all, or one we did not ask for."""
    with pytest.raises(ProbeFailed) as raised:
        decoded(body, encodings, 1000)
    assert raised.value.reason is Reason.PROTOCOL


@pytest.mark.parametrize("encodings", ["gzip", "gzip, gzip"])
def test_a_bomb_does_not_fill_the_memory(encodings: str) -> None:
    """200 MB in 200 kB are given up at the limit."""
    bomb = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    body = b"".join(bomb.compress(bytes(1_000_000)) for _ in range(200)) + bomb.flush()
    if encodings == "gzip, gzip":
        body = gzip.compress(body)
    tracemalloc.start()
    try:
        with pytest.raises(ProbeFailed) as raised:
            decoded(body, encodings, 300_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert raised.value.reason is Reason.BODY_TOO_LARGE
    assert peak < 5_000_000
