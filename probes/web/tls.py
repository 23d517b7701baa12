"""Trust: whom we believe to be the target, and why not."""

import ssl
from datetime import UTC, datetime

import httpx

from probes.targets import HttpTarget

# OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_CERT_NOT_YET_VALID.
_EXPIRED, _NOT_YET_VALID = 10, 9


def tls_context(target: HttpTarget) -> ssl.SSLContext | None:
    """Made once a target, for it costs about 32 ms; None where nothing of the target speaks TLS."""
    if all(url.scheme == "http" for url in (target.url, *target.origins)):
        return None
    if target.verify and target.ca_file:
        return ssl.create_default_context(cafile=target.ca_file)
    return httpx.create_ssl_context(verify=target.verify, trust_env=False)


def expires_at(connection: ssl.SSLObject) -> datetime | None:
    """When the server's certificate ends; None where it was not verified and so not read."""
    certificate = connection.getpeercert()
    if not certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def trouble(error: Exception, host: str) -> str:
    """Why the handshake failed, in a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        match error.verify_code:
            case code if code == _EXPIRED:
                return f"the certificate of {host} has expired"
            case code if code == _NOT_YET_VALID:
                return f"the certificate of {host} is not valid yet"
            case _:
                return f"the certificate of {host} is not trusted: {error.verify_message.rstrip('.')}"
    said = f" ({error.reason.replace('_', ' ').lower()})" if isinstance(error, ssl.SSLError) and error.reason else ""
    return f"the TLS handshake with {host} failed{said}"
