"""One call of a service that keeps incidents, by an Apprise plugin of ours."""

# Apprise has types for a part of what it has.
# mypy: allow-untyped-calls

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from apprise import NotifyBase
from apprise.exception import AppriseImproperlyConfigured

REFUSAL_LENGTH = 200


def post(
    plugin: NotifyBase,
    url: str,
    body: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    taken: Collection[int] = (httpx.codes.ACCEPTED,),
) -> bool:
    """Whether the service took it: 202, for both work on what they took afterwards. Never raises.

    What it answers otherwise goes to the plugin's log, from where the channel has its error text. A redirection is not
    followed: the key in the body must not go elsewhere.
    """
    plugin.throttle()
    connect, read = plugin.request_timeout
    try:
        answer = httpx.post(
            url,
            json=body,
            headers={"User-Agent": plugin.app_id, **(headers or {})},
            params=params,
            timeout=httpx.Timeout(read, connect=connect),
            verify=plugin.verify_certificate,
        )
    except httpx.HTTPError as error:
        plugin.logger.warning("%s can't be reached: %s", plugin.service_name, type(error).__name__)
        return False
    if answer.status_code in taken:
        return True
    plugin.logger.warning("%s answered %d %s", plugin.service_name, answer.status_code, _refusal(answer))
    return False


def checked_endpoint(endpoint: str) -> str:
    """The address of a relay, without a slash at its end.

    Raises AppriseImproperlyConfigured, on which Apprise reports a URL that can't be used.
    """
    try:
        address = urlsplit(endpoint)
        usable = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:  # no port there can be, half a bracket
        usable = False
    if not usable or address.username or address.query or address.fragment:
        raise AppriseImproperlyConfigured("the endpoint is not an address as http://host:port/path")
    return endpoint.rstrip("/")


def _refusal(answer: httpx.Response) -> str:
    """What the service says of it: `message`, and at PagerDuty `errors`."""
    try:
        said = answer.json()
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    errors = said.get("errors")
    parts = [said.get("message"), *(errors if isinstance(errors, list) else [])]
    return " ".join(part for part in parts if isinstance(part, str))[:REFUSAL_LENGTH]
