"""Where a target's requests may go, and where its credentials may go along."""

import httpx

from probes.targets import HttpTarget

Origin = tuple[str, str, int | None]


class Origins:
    """The own origin of a target, and the further ones that redirects and journeys may lead to."""

    def __init__(self, target: HttpTarget) -> None:
        self._own = _origin(httpx.URL(str(target.url)))
        self._others = frozenset(_origin(httpx.URL(str(url))) for url in target.origins)

    def is_own(self, url: httpx.URL) -> bool:
        """Whether credentials and headers of ours may go there."""
        return _origin(url) == self._own

    def allow(self, url: httpx.URL) -> bool:
        """Whether a request may go there at all."""
        return self.is_own(url) or _origin(url) in self._others


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port  # httpx leaves the scheme's default port out
