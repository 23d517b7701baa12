"""Errors without what they say of anybody: the table of masks, frames, fingerprints, paths and browsers."""

import time
import tracemalloc

import pytest

from thresholds.error_group import browser_of, group_of, masked, masked_path


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Key (email)=(a@b.example) already exists", "Key (email)=(<email>) already exists"),
        ('violates "ux"\nDETAIL:  Key (iban)=(CH93 0076) already exists.', "violates <value>"),
        ("failed\nCONTEXT: SQL function x\nHINT: Hans Muster", "failed"),
        ("bad [SQL: SELECT 1 FROM t WHERE name = Hans]\n[parameters: (Hans,)]", "bad"),
        ("User 4711 of 12'345.50 CHF", "User <n> of <n>'<n> CHF"),
        ("at 2026-03-02T10:00:00.123Z", "at <n>"),
        ("Bearer abc.def-ghi failed", "Bearer <secret> failed"),
        ("password: hunter2, token=abc&x", "password: <secret>, token=<secret>&x"),
        ("jwt eyJhbGciOi.eyJzdWIi.c2ln", "jwt <secret>"),
        ("GET https://u:p@api.example/x?token=1 failed", "GET <url> failed"),
        ("reading 'map' of \"Hans Muster\" and `x` and “y”", "reading <value> of <value> and <value> and <value>"),
        ("don't and can't", "don't and can't"),
        ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "id <id>"),
        ("fe_1700000000_ab12x and deadbeef01", "<id> and <id>"),
        ("a\x00b\r\nc\u2028d\ud800e", "a b c d e"),
        ("HTTP 500 for int4", "HTTP <n> for int4"),
        ("bad note 'Alice Smith\nlives here' refused", "bad note <value> refused"),
        ('bad note "Alice Smith, cut o', "bad note <value>"),
        ("bad note 'Alice Smith, cut o", "bad note <value>"),
        ("bad note «Alice Smith, cut o", "bad note <value>"),
    ],
)
def test_what_identifies_is_masked(text: str, kept: str) -> None:
    """Addresses, secrets, quoted values, numbers, ids, controls, and what a database adds in detail."""
    assert masked(text) == kept


@pytest.mark.parametrize(
    "part",
    [
        *("a", "a1", "'", "a@", "x://", "a.b-", " ", "1,", "DETAIL", "-", "a-", "at (", "eyJ.", "[SQL:", "\\", "@"),
        *("“", "‘", "«", '"', "`", "' ", "“”’"),
    ],
)
def test_no_text_takes_long(part: str) -> None:
    """Whatever is repeated: processor time of masks, frames and path together stays in the tens of milliseconds."""
    text = part * (4_000 // len(part))
    started = time.process_time()
    masked(text)
    group_of("Error", text, "\n".join([f"at {text}"[:400]] * 300))
    masked_path("/" + text)
    browser_of(text)
    assert time.process_time() - started < 0.25


def test_no_line_of_a_stack_takes_long() -> None:
    """One that is nearly a frame, as often as fits."""
    line = "at " + "a" * 148 + "(" + ":1" * 73 + "("
    started = time.process_time()
    for number in range(20):
        group_of("Error", "x", "\n".join([f"{line}{number}"] * 53))
    assert time.process_time() - started < 1


def test_frames_are_known_again_and_no_text_is_kept() -> None:
    """The same stack under another message has the same frames; of what was sent nothing else stays."""
    first, second = (group_of("E", "m", f"TypeError: {secret}\n at f (/x/y.js:7:1)") for secret in ("Alice", "Bob"))
    assert first == second
    tracemalloc.start()
    for number in range(300):
        group_of("E", "m", f"TypeError: {number}\n at f (/x/y.js:7:1)\n" + "x" * 15_000)
    assert tracemalloc.get_traced_memory()[0] < 300 * 1_500
    tracemalloc.stop()


def test_a_stack_becomes_frames_without_hosts_and_sources() -> None:
    """Of Chromium, Firefox and Python: the innermost first; lines of text and source code are left out."""
    chromium = (
        "TypeError: secret\n    at render (https://p.example/static/main.8f3a2b1c.js?v=2:12:345)\n at /x/y.js:7:1"
    )
    firefox = "render@https://p.example/static/main.8f3a2b1c.js:12:345\n@https://p.example/x/y.js:7:1"
    python = (
        'Traceback (most recent call last):\n  File "/app/a.py", line 3, in main\n    pay("secret")\n'
        '  File "/app/b.py", line 9, in pay\n'
    )
    assert group_of("E", "m", chromium).frames == ("render static/main.8f3a2b1c.js:12", "? x/y.js:7")
    assert group_of("E", "m", firefox).frames == group_of("E", "m", chromium).frames
    assert group_of("E", "m", python).frames == ("pay app/b.py:9", "main app/a.py:3")
    assert len(group_of("E", "m", "at f (a.js:1:1)\n" * 500).frames) == 20


def test_a_group_outlives_constants_lines_and_releases() -> None:
    """Other numbers, lines and a bundler's other hash are the same group; another place or name is another."""

    def fingerprint(name: str = "TypeError", number: int = 1, build: str = "8f3a2b1c", function: str = "render") -> str:
        stack = f"at {function} (https://p.example/s/main.{build}.js:{number}:3)"
        return group_of(name, f"client {number} is gone", stack).fingerprint

    assert fingerprint() == fingerprint(number=22, build="77aa01ff")
    assert len({fingerprint(), fingerprint(name="RangeError"), fingerprint(function="save")}) == 3


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://u:p@portal.example/clients/4711/plans?name=Hans#x", "/clients/{id}/plans"),
        ("/clients/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/clients/{id}"),
        ("/documents/4711.pdf", "/documents/{id}"),
        ("/static/main.js", "/static/main.js"),
        ("/users/a@b.example/x%20y", "/users/{id}/{id}"),
        ("http://[broken", ""),
        ("/" + "x" * 5_000, "/{id}"),
    ],
)
def test_a_url_is_its_path_without_ids(url: str, path: str) -> None:
    """No host, password, query or fragment."""
    assert masked_path(url) == path


@pytest.mark.parametrize(
    ("user_agent", "browser"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
            "Chrome 130",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/129.0.0.0 Safari/537.36 Edg/129.0.2792", "Edge 129"),
        ("Mozilla/5.0 (X11; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox 131"),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1 Version/17.4 Mobile/15E148 Safari/604.1", "Safari 17"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", "bot"),
        ("Mozilla/5.0 HeadlessChrome/130.0.0.0", "HeadlessChrome 130"),
        ("Hans Muster's phone", "other"),
    ],
)
def test_a_browser_is_a_family_and_a_number(user_agent: str, browser: str) -> None:
    """Nothing by which one would be known again."""
    assert browser_of(user_agent) == browser
