"""The rules of the system health validation, both ways, for targets that are elsewhere and on this machine."""

from datetime import UTC, datetime, timedelta

import pytest

from thresholds import CheckStatus, load_health_validation

RULES = load_health_validation()
NOW = datetime(2026, 3, 2, tzinfo=UTC)
GUARDED = {
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=1",
    "content-security-policy": "default-src 'self'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


@pytest.mark.parametrize(
    ("name", "share", "status"),
    [
        ("cpu_usage", 0.799, "PASS"),
        ("cpu_usage", 0.8, "FAIL"),
        ("memory_usage", 0.79, "PASS"),
        ("memory_usage", 0.81, "FAIL"),
        ("disk_usage", 0.89, "PASS"),
        ("disk_usage", 0.9, "FAIL"),
    ],
)
def test_resources_stay_under_the_customers_limits(name: str, share: float, status: str) -> None:
    """Under 80, 80 and 90 %: the limit itself is not under it."""
    assert RULES.resource(name, share).status == status


@pytest.mark.parametrize(("seconds", "status"), [(0.5, "PASS"), (0.51, "WARNING")])
def test_a_query_that_takes_long_warns(seconds: float, status: str) -> None:
    """From 500 ms on."""
    assert RULES.query("db.query_time", seconds).status == status


@pytest.mark.parametrize(("days", "status"), [(90, "FAIL"), (90.01, "PASS"), (-1, "FAIL")])
def test_a_certificate_is_valid_for_more_than_90_days(days: float, status: str) -> None:
    """90 days are not more than 90 days."""
    assert RULES.certificate("web", NOW + timedelta(days=days), NOW).status == status


@pytest.mark.parametrize(("cipher", "is_local", "status"), [
    ("TLSv1.3 TLS_AES_256", False, "PASS"), (None, False, "FAIL"), (None, True, "WARNING"),
])  # fmt: skip
def test_a_connection_to_a_database_is_encrypted(cipher: str | None, is_local: bool, status: str) -> None:
    """Unless it never leaves the machine, which is told."""
    assert RULES.encryption("db", cipher, is_local=is_local).status == status


def test_plain_http_to_elsewhere_fails() -> None:
    """On the loopback it is a warning."""
    assert RULES.unencrypted("web", "plain HTTP", is_local=False).status is CheckStatus.FAIL
    assert RULES.unencrypted("web", "plain HTTP", is_local=True).status is CheckStatus.WARNING


@pytest.mark.parametrize(
    ("gone", "https", "is_local", "status"),
    [
        ("", True, False, "PASS"),
        ("x-content-type-options", True, False, "FAIL"),
        ("x-content-type-options", True, True, "WARNING"),
        ("strict-transport-security", True, False, "FAIL"),
        ("strict-transport-security", False, False, "PASS"),
        ("referrer-policy", True, False, "WARNING"),
        ("x-frame-options", True, False, "WARNING"),
    ],
)
def test_headers_are_weighed(gone: str, https: bool, is_local: bool, status: str) -> None:
    """Each by what its figures say is missing with it."""
    headers = {name: value for name, value in GUARDED.items() if name != gone}
    assert RULES.headers("web", headers, https=https, is_local=is_local).status == status


def test_a_policy_may_stand_for_a_header() -> None:
    """`frame-ancestors` does what X-Frame-Options does."""
    headers = {**GUARDED, "content-security-policy": "frame-ancestors 'none'"}
    del headers["x-frame-options"]
    assert RULES.headers("web", headers, https=True, is_local=False).status is CheckStatus.PASS


@pytest.mark.parametrize(
    ("answered", "status"),
    [(401, "PASS"), (403, "PASS"), (303, "PASS"), (200, "FAIL"), (204, "FAIL"), (404, "WARNING"), (500, "WARNING")],
)
def test_only_a_refusal_refuses(answered: int, status: str) -> None:
    """An answer lets anybody in; an error says nothing."""
    assert RULES.refusal("web", answered).status == status
