"""Links that acknowledge: signed, expiring, of one use, and worth nothing else."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, Signer
from pydantic import SecretStr

from alerts.errors import LinkError

# Longer than any ladder takes; whoever finds the message later finds the alert on its page.
LIFETIME = timedelta(hours=24)
_SALT = "portalwatch.acknowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeLink:
    """A link that was sent. Of its token only the hash is kept.

    `occurrences`: alert id → the occurrence it acknowledges; none for the test of a channel.
    """

    digest: str
    channel: str
    occurrences: Mapping[str, int]
    expires_at: datetime
    used_at: datetime | None = None
    used_by: str | None = None

    @property
    def is_test(self) -> bool:
        """Whether it acknowledges nothing and only proves that a message was read."""
        return not self.occurrences

    def require_usable(self, now: datetime) -> None:
        """Raises LinkError where it was used, or has expired."""
        if self.used_at is not None:
            raise LinkError(f"this link was used by {self.used_by} at {self.used_at:%Y-%m-%d %H:%M} UTC")
        if now >= self.expires_at:
            raise LinkError(
                f"this link expired at {self.expires_at:%Y-%m-%d %H:%M} UTC; acknowledge on the alert's page"
            )


class LinkSigner:
    """Makes tokens and reads them. `base_url` is where people reach the service."""

    def __init__(self, key: SecretStr, base_url: str) -> None:
        self._signer = Signer(key.get_secret_value(), salt=_SALT, digest_method=hashlib.sha256)
        self._base_url = base_url.rstrip("/")

    def issue(self, channel: str, occurrences: Mapping[str, int], now: datetime) -> tuple[str, AcknowledgeLink]:
        """A URL to send, and what is kept of it."""
        token = self._signer.sign(secrets.token_urlsafe(9)).decode()
        link = AcknowledgeLink(
            digest=digest_of(token), channel=channel, occurrences=dict(occurrences), expires_at=now + LIFETIME
        )
        return f"{self._base_url}/ack/{token}", link

    def read(self, token: str) -> str:
        """The hash under which the token's link is kept. Raises LinkError for one that we did not sign."""
        try:
            self._signer.unsign(token)
        except BadSignature as error:
            raise LinkError("this is no link of ours: it was cut off or changed on its way") from error
        return digest_of(token)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
