"""Who may ask the portal: users log in with a password and then show a short-lived token."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, SecretStr

from monitor.demo.portal.database import SERVICE_ROLE, hash_password
from monitor.demo.portal.state import Portal, PortalState

router = APIRouter()


class Credentials(BaseModel):
    """What `POST /auth/login` takes."""

    username: str
    password: SecretStr


class Bearer(NamedTuple):
    """Who shows a token: the log-in name, and as what."""

    name: str
    role: str


def issue_token(bearer: Bearer, secret: str, *, expires_at: float) -> str:
    """A JSON web token signed with HMAC-SHA256 (RFC 7519, HS256). `expires_at` is in seconds since 1970."""
    head = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _encode(json.dumps({"sub": bearer.name, "role": bearer.role, "exp": int(expires_at)}).encode())
    return f"{head}.{body}.{_sign(f'{head}.{body}', secret)}"


def bearer_of(token: str, secret: str, *, now: float) -> Bearer | None:
    """Whom a token was issued to; None for a token that is forged, malformed or expired."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_sign(signed, secret).encode(), signature.encode()):
        return None
    try:
        claims: dict[str, Any] = json.loads(_decode(signed.partition(".")[2]))
    except (ValueError, binascii.Error):
        return None
    return Bearer(claims["sub"], claims["role"]) if claims["exp"] > now else None


@router.post("/auth/login")
async def log_in(credentials: Credentials, portal: Portal) -> dict[str, Any]:
    """A bearer token for a user's name and password; 401 for any other pair."""
    user = await portal.pool.fetchrow(
        "SELECT email, role, password_salt, password_hash FROM users WHERE email = $1 AND is_active",
        credentials.username,
    )
    # An unknown name costs a hash as well, so that its time gives nothing away.
    salt = user["password_salt"] if user else b"no such adviser "
    given = await asyncio.to_thread(hash_password, credentials.password.get_secret_value(), salt)
    if user is None or not hmac.compare_digest(given, user["password_hash"]):
        raise HTTPException(401, "the name or the password is wrong", {"WWW-Authenticate": "Bearer"})
    lifetime_seconds = 60 * portal.token_minutes
    bearer = Bearer(user["email"], user["role"])
    return {
        "access_token": issue_token(bearer, portal.secret, expires_at=time.time() + lifetime_seconds),
        "token_type": "bearer",
        "expires_in": lifetime_seconds,
    }


def user_of(request: Request, portal: PortalState) -> str | None:
    """The user whose token the request carries, None without a valid one; who is no service is at work from now on."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = bearer_of(token, portal.secret, now=time.time()) if scheme.lower() == "bearer" else None
    if bearer is None:
        return None
    if bearer.role != SERVICE_ROLE:
        portal.active_users.note(bearer.name)
    return bearer.name


async def require_user(request: Request, portal: Portal) -> str:
    """The user who asks; raises 401 without a valid token."""
    user = user_of(request, portal)
    if user is None:
        raise HTTPException(401, "a valid bearer token is needed: POST /auth/login", {"WWW-Authenticate": "Bearer"})
    return user


User = Annotated[str, Depends(require_user)]


def _sign(text: str, secret: str) -> str:
    return _encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
