"""What a form of our own pages has sent."""

from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

# Our forms have a few short fields.
_MOST_BYTES = 8192


async def fields_of(request: Request) -> dict[str, str]:
    """The fields by name, the last one of each. Raises 413 for more than any form of ours sends."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, "this is more than the form has to say")
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def path_of(given: str) -> str:
    """Where a form leads afterwards: a path of this service, `/` for everything else that is given."""
    is_ours = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable()
    return given if is_ours else "/"
