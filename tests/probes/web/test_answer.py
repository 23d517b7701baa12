"""Answers made of bytes, in whatever pieces they come."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.measurement import Reason
from probes import ProbeFailed
from probes.web.answer import MAX_HEAD_BYTES, AnswerReader

OK = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "with a length": OK + b"Content-Length: 5\r\n\r\nhello",
    "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;name=x\r\nllo\r\n0\r\n\r\n",
    "with trailers": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    "after interim ones": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    + OK
    + b"Content-Length: 5\r\n\r\nhello",
    "compressed": OK + b"Content-Encoding: gzip\r\nContent-Length: 25\r\n\r\n" + gzip.compress(b"hello", mtime=0),
    "deflated": OK + b"Content-Encoding: deflate\r\nContent-Length: 13\r\n\r\n" + zlib.compress(b"hello"),
    "of HTTP/1.0, to be kept": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
}


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def read(data: bytes, *, method: str = "GET", limit: int = 1000, size: int = 1 << 20) -> AnswerReader:
    reader = AnswerReader(method, limit)
    for piece in pieces(data, size):
        reader.feed(piece)
    return reader


def failure(data: bytes, *, limit: int = 1000, size: int = 1 << 20) -> Reason:
    with pytest.raises(ProbeFailed) as raised:
        read(data, limit=limit, size=size).exchange(None)
    return raised.value.reason


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_read_whatever_its_form(answer: bytes, size: int) -> None:
    """Length, chunks, trailers, interim answers, compression: the body is whole and the connection can go on."""
    reader = read(answer, size=size)
    exchange = reader.exchange(None)
    assert (reader.complete, reader.reusable) == (True, True)
    assert (exchange.status, exchange.body) == (200, b"hello")
    assert "link" not in exchange.headers
    assert "x-sum" not in exchange.headers


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", OK + b"Content-Length: 500\r\n\r\n"),
        ("HEAD", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
    ],
)
def test_some_answers_have_no_body_whatever_they_say(method: str, answer: bytes) -> None:
    """HEAD, 204 and 304 end with the head."""
    reader = read(answer, method=method)
    assert (reader.complete, reader.reusable, reader.exchange(None).body) == (True, True, b"")


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        OK + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n",
        OK + b"Content-Length: 5\r\n\r\nhello and more",
    ],
)
def test_a_connection_that_is_done_or_out_of_step_is_not_used_again(answer: bytes) -> None:
    """The answer is good; what comes after it on that connection would not be."""
    reader = read(answer)
    assert (reader.complete, reader.reusable, reader.exchange(None).body) == (True, False, b"hello")


def test_a_body_after_head_is_no_answer_to_the_next_request() -> None:
    """A server that sends a body all the same has spoilt its connection."""
    reader = read(OK + b"Content-Length: 5\r\n\r\nhello", method="HEAD")
    assert (reader.complete, reader.reusable, reader.exchange(None).body) == (True, False, b"")


@pytest.mark.parametrize(
    ("head", "complete"),
    [(b"", True), (b"Transfer-Encoding: gzip\r\n", True), (b"Content-Length: 6\r\n", False)],
)
def test_the_end_of_the_connection_ends_a_body_of_unknown_length_only(head: bytes, complete: bool) -> None:
    """A body that was announced to be longer is broken off."""
    reader = read(OK + head + b"\r\nhello")
    assert not reader.complete
    assert reader.ends_here() is complete
    assert not reader.reusable


def test_an_unfinished_chunked_body_does_not_end_with_the_connection() -> None:
    """Its end is the last chunk."""
    assert not read(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").ends_here()


@pytest.mark.parametrize(
    "answer",
    [
        b"this is no HTTP\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        OK + b"Content-Length: five\r\n\r\nhello",
        OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        OK + b"Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_what_is_no_http_is_a_broken_protocol(answer: bytes, size: int) -> None:
    """Neither garbage nor wrong framing is read as an answer."""
    assert failure(answer, size=size) is Reason.PROTOCOL


@pytest.mark.parametrize(
    "endless",
    [
        OK + b"X: " + b"x" * (2 * MAX_HEAD_BYTES),
        OK + b"X: 1\r\n" * MAX_HEAD_BYTES,
        b"HTTP/1.1 100 Continue\r\n\r\n" * MAX_HEAD_BYTES,
        OK + b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * (2 * MAX_HEAD_BYTES),
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: 1\r\n" * MAX_HEAD_BYTES,
    ],
    ids=["one header", "many headers", "interim answers", "a chunk's length", "trailers"],
)
def test_what_is_not_the_body_is_bounded_too(endless: bytes) -> None:
    """Headers, interim answers, lengths of chunks and trailers without end are a broken protocol."""
    assert failure(endless, size=1000) is Reason.PROTOCOL


@pytest.mark.parametrize("limit", [4, 5])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_body_may_be_as_large_as_allowed(answer: bytes, limit: int) -> None:
    """The limit counts decompressed bytes, and is not exceeded by a body that just meets it."""
    if limit == 5:
        assert read(answer, limit=limit).exchange(None).body == b"hello"
    else:
        assert failure(answer, limit=limit) is Reason.BODY_TOO_LARGE


def test_a_body_is_refused_as_soon_as_it_is_too_large() -> None:
    """Nobody waits for the rest of it."""
    reader = AnswerReader("GET", 10)
    reader.feed(OK + b"Content-Length: 1000000\r\n\r\n")
    with pytest.raises(ProbeFailed) as raised:
        reader.feed(b"x" * 11)
    assert raised.value.reason is Reason.BODY_TOO_LARGE


def test_compressed_bytes_without_end_are_refused_though_they_stand_for_nothing() -> None:
    """Empty blocks could go on for ever below any limit of what they stand for."""
    empty = b"\x00\x00\x00\xff\xff"
    head = OK + b"Content-Encoding: deflate\r\n\r\n\x78\x9c"
    assert failure(head + empty * MAX_HEAD_BYTES, size=1000) is Reason.BODY_TOO_LARGE


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_no_bytes_at_all_make_the_reader_fall(data: list[bytes]) -> None:
    """Whatever comes, it is an answer, an unfinished one, or a failure with a reason."""
    reader = AnswerReader("GET", 100)
    with suppress(ProbeFailed):
        reader.feed(OK)
        for piece in data:
            reader.feed(piece)
        if reader.complete:
            assert reader.exchange(None).status == 200
