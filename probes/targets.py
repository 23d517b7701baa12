"""What is watched: the databases and web servers that probes go to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
    model_validator,
)

from probes.duration import Duration

# Appended to the target's URL, with its query if it has one; without the slash it could change the host.
UrlPath = Annotated[str, Field(pattern=r"^/")]


def _one_line(value: SecretStr) -> SecretStr:
    """A line break would end the header and begin another one."""
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("the value of a header is one line of ASCII text")
    return value


# Header values are taken for secrets; names are those of RFC 9110.
HeaderValue = Annotated[SecretStr, AfterValidator(_one_line)]
Headers = Mapping[Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")], HeaderValue]


class Frozen(BaseModel):
    """A part of the configuration: nothing unknown in it, never changed, and no input in what is said of mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PostgresTarget(Frozen):
    """A PostgreSQL database, reached over one connection that can't write.

    `statement_timeout` bounds a statement on the server; `lock_timeout` bounds its wait for a lock, at most 1 s, so
    that a probe never stands in a queue of locks for long; `idle_in_transaction_timeout` ends a transaction
    that was left open. `guard_database`, of the same server, is where it is watched that a long statement of ours keeps
    nobody waiting. `share` is how much of the time our statements may be running, from 0 to 1. `depends_on` names the
    targets without which it can't work: while one of them is away, nobody is told what is wrong behind this one.
    """

    kind: Literal["postgresql"]
    url: SecretStr
    depends_on: tuple[str, ...] = ()
    connect_timeout: Duration = 3.0
    statement_timeout: Duration = 5.0
    lock_timeout: Annotated[Duration, Field(le=1.0)] = 0.5
    idle_in_transaction_timeout: Duration = 5.0
    guard_database: str = Field(default="postgres", min_length=1)
    share: float = Field(default=0.25, gt=0, le=1)

    @property
    def place(self) -> str:
        """Where it is: two targets of one place are away together. Not to be shown: the URL may hold a password."""
        return self.url.get_secret_value()

    @field_validator("url")
    @classmethod
    def _is_postgres(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("the URL of a database starts with postgresql://")
        return url


class Login(Frozen):
    """How a bearer token is got: one POST with name and password, and a JSON answer with the token.

    `fields` go along (OAuth 2.0: `grant_type`, `scope`); their values are taken for secrets. `token_field`,
    `lifetime_field` and `refresh_field` are dotted paths in the answer. Where the answer has a lifetime (in seconds),
    the token is renewed before it ends, and in any case after a 401: at `refresh_path` with the refresh token where
    both are there, else by logging in again.
    """

    path: UrlPath
    username: str
    password: SecretStr
    encoding: Literal["json", "form"] = "json"
    username_field: str = "username"
    password_field: str = "password"
    fields: Mapping[str, SecretStr] = Field(default_factory=dict)
    token_field: str = "access_token"
    lifetime_field: str = "expires_in"
    refresh_path: UrlPath | None = None
    refresh_field: str = "refresh_token"


class Basic(Frozen):
    """HTTP Basic authentication (RFC 7617); its user name has no colon."""

    username: Annotated[str, Field(pattern=r"^[^:]*$")]
    password: SecretStr


class HttpTarget(Frozen):
    """A web server. `read_timeout` is the longest silence while a response is awaited.

    `headers`, and one of `login`, `basic` and `bearer`, go with each request to the URL's own origin and to no other.
    `origins` are further ones that redirects and journeys may lead to; `networks` the only ones an address may be in.
    `depends_on` as in a database.
    `verify: false` accepts any certificate; `ca_file` names the authority of a private one. `connection: new` measures
    each request over a connection of its own.
    """

    kind: Literal["http"]
    url: HttpUrl
    depends_on: tuple[str, ...] = ()
    login: Login | None = None
    basic: Basic | None = None
    bearer: HeaderValue | None = None
    headers: Headers = Field(default_factory=dict)
    origins: tuple[HttpUrl, ...] = ()
    networks: tuple[IPvAnyNetwork, ...] = Field(default=(), min_length=1)
    connection: Literal["kept_alive", "new"] = "kept_alive"
    http2: bool = False
    proxy: SecretStr | None = None
    connect_timeout: Duration = 5.0
    read_timeout: Duration = 30.0
    verify: bool = True
    ca_file: Path | None = None

    @property
    def place(self) -> str:
        """Where it is: two targets of one place are away together."""
        return f"{self.url.scheme}://{self.url.host}:{self.url.port}"

    @field_validator("url")
    @classmethod
    def _has_no_password(cls, url: HttpUrl) -> HttpUrl:
        if url.username or url.password:
            raise ValueError("a URL is no place for a password; use login, basic or headers")
        if url.query or url.fragment:
            raise ValueError("the URL of a target has no query and no fragment; they belong to a probe's path")
        return url

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: tuple[HttpUrl, ...]) -> tuple[HttpUrl, ...]:
        for url in origins:
            if url.username or url.password or url.query or url.fragment or url.path not in (None, "/"):
                raise ValueError("an origin is scheme, host and port, such as https://login.example")
        return origins

    @field_validator("proxy")
    @classmethod
    def _is_http_proxy(cls, proxy: SecretStr | None) -> SecretStr | None:
        if proxy is not None and not proxy.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("the URL of a proxy starts with http:// or https://")
        return proxy

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        own = any(name.lower() == "authorization" for name in self.headers)
        if sum([self.login is not None, self.basic is not None, self.bearer is not None, own]) > 1:
            raise ValueError("login, basic, bearer and a header Authorization are ways to the same; keep one of them")
        if self.proxy is not None and self.networks:
            raise ValueError("through a proxy the addresses are the proxy's choice; leave networks or proxy out")
        return self


Target = Annotated[PostgresTarget | HttpTarget, Field(discriminator="kind")]
