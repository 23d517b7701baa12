"""What is watched: the databases and web servers that probes go to."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, field_validator

from probes.duration import Duration

# Appended to the target's URL, with its query if it has one; without the slash it could change the host.
UrlPath = Annotated[str, Field(pattern=r"^/")]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PostgresTarget(_Frozen):
    """A PostgreSQL database, reached over one connection that can't write.

    `statement_timeout` bounds a statement on the server; `lock_timeout` bounds its wait for a lock, at most 1 s, so
    that a probe never stands in a queue of locks for long; `idle_in_transaction_timeout` ends a transaction
    that was left open.
    """

    kind: Literal["postgresql"]
    url: SecretStr
    connect_timeout: Duration = 3.0
    statement_timeout: Duration = 5.0
    lock_timeout: Annotated[Duration, Field(le=1.0)] = 0.5
    idle_in_transaction_timeout: Duration = 5.0

    @field_validator("url")
    @classmethod
    def _is_postgres(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("the URL of a database starts with postgresql://")
        return url


class Login(_Frozen):
    """How a bearer token is got: one POST with name and password, and a JSON answer with the token.

    `token_field` and `lifetime_field` name members of the answer; where the answer has a lifetime (in seconds), the
    token is renewed before it ends, and in any case after a 401.
    """

    path: UrlPath
    username: str
    password: SecretStr
    encoding: Literal["json", "form"] = "json"
    username_field: str = "username"
    password_field: str = "password"
    token_field: str = "access_token"
    lifetime_field: str = "expires_in"


class HttpTarget(_Frozen):
    """A web server. `read_timeout` is the longest silence while a response is awaited.

    `verify: false` accepts any certificate; `ca_file` names the authority of a private one.
    """

    kind: Literal["http"]
    url: HttpUrl
    login: Login | None = None
    connect_timeout: Duration = 5.0
    read_timeout: Duration = 30.0
    verify: bool = True
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _has_no_password(cls, url: HttpUrl) -> HttpUrl:
        if url.username or url.password:
            raise ValueError("a URL is no place for a password; use login or headers")
        if url.query or url.fragment:
            raise ValueError("the URL of a target has no query and no fragment; they belong to a probe's path")
        return url


Target = Annotated[PostgresTarget | HttpTarget, Field(discriminator="kind")]
