"""The templates of messages, and what becomes of their text where there is little room or time."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts.messages.speech import clause, spelled, spoken
from alerts.messages.wording import fitted, sentence

# Two SMS with the title, one where the service drops it.
SMS_LENGTH = 160
# Twenty-five seconds of a voice.
CALL_WORDS = 60
# What is left of a text that was cut to less than this says nothing.
CUT_LENGTH = 30
# In the alphabet of SMS a letter takes seven bits instead of sixteen (3GPP TS 23.038); these are not in it.
_SEVEN_BITS = str.maketrans({"×": "x", "…": "...", "→": "->", "–": "-", "’": "'"})


def render(name: str, **given: object) -> str:
    """A template's text; empty lines are never two in a row."""
    text = _environment().get_template(f"{name}.txt.j2").render(given)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def fit_sms(parts: Sequence[str], link: str | None, tag: str) -> str:
    """As much of the parts as SMS_LENGTH leaves in front of the tag, and of the link: whole, or not there at all."""
    ending = f"{link} {tag}" if link and len(f"{link} {tag}") <= SMS_LENGTH else tag
    told = ""
    for part in filter(None, map(in_seven_bits, parts)):
        before = f"{told}; " if told else ""
        room = SMS_LENGTH - len(f"{before} {ending}")
        if len(part) <= room or room >= CUT_LENGTH:
            told = before + fitted(part, room, "...")
    return f"{told} {ending}".strip()


def fit_call(sentences: Sequence[str]) -> str:
    """What can be said in CALL_WORDS, the earlier sentences first. One that is too long is left out, never the last."""
    *told, last = (sentence(spoken(one)) for one in sentences if one)
    said: list[str] = []
    for one in told:
        if len(" ".join([*said, one, last]).split()) <= CALL_WORDS:
            said.append(one)
    return " ".join([*said, last])


def in_seven_bits(text: str) -> str:
    """The text without the signs of ours that would make a telephone send it in sixteen bits a letter."""
    return text.translate(_SEVEN_BITS)


@cache
def _environment() -> Environment:
    """The templates of this package. It is plain text, so nothing is escaped; a name that is not there is an error."""
    templates = Environment(
        loader=PackageLoader("alerts.messages"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Any] = {one.__name__: one for one in (clause, fitted, sentence, spelled, spoken)}
    templates.filters.update(filters)
    return templates
