"""Text as a voice reads it: words and numbers, no addresses, no symbols."""

import re

# One, and more of them.
_UNITS = {
    "µs": ("microsecond", "microseconds"),
    "us": ("microsecond", "microseconds"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "d": ("day", "days"),
    "kB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "%": ("percent", "percent"),
    "×": ("times", "times"),
}
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
# What stands in brackets with figures in it is evidence for who reads; a word or two belongs to the sentence.
_EVIDENCE = re.compile(r"\s*[(\[][^()\[\]]*\d[^()\[\]]*[)\]]")
_ASIDE = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]")
_QUANTITY = re.compile(rf"(?<![\w.])(\d+(?:\.\d+)?)\s*({'|'.join(_UNITS)})(?!\w)")
# Names are words joined by signs; numbers, versions and times of day keep theirs.
_JOINT = re.compile(r"(?<=\D)[._/-]+(?=\w)|(?<=\w)[._/-]+(?=[^\W\d])|_+")
_MINUS = re.compile(r"(?<!\S)[-−](?=\d)")
_SYMBOL = re.compile(r"[^\w\s.,:?!']")
_BEFORE_STOP = re.compile(r"\s+(?=[.,:?!])")


def spoken(text: str) -> str:
    """The text in words: `api_endpoints.client_groups is 1250 ms` as `api endpoints client groups is 1.25 seconds`."""
    text = _ADDRESS.sub("", text)
    text = _EVIDENCE.sub("", text)
    text = _ASIDE.sub(r", \1", text)
    text = re.sub(r"×\s*(\d+(?:\.\d+)?)", r"\1 ×", text)
    text = _QUANTITY.sub(_quantity, text)
    text = _MINUS.sub("minus ", text)
    text = text.replace("→", " to ").replace(";", ",").replace("…", "")
    text = _SYMBOL.sub(" ", _JOINT.sub(" ", text))
    return _BEFORE_STOP.sub("", " ".join(text.split())).strip(" ,:")


def clause(text: str) -> str:
    """The beginning of a sentence, to where it goes into its evidence."""
    return re.split(r"[:;]\s", text, maxsplit=1)[0]


def spelled(alert_id: str) -> str:
    """An id letter by letter, in groups of three, capitals because `a` alone is read as an article."""
    groups = (alert_id[at : at + 3] for at in range(0, len(alert_id), 3))
    return ", ".join(" ".join(group.upper()) for group in groups)


def _quantity(found: re.Match[str]) -> str:
    number, unit = float(found[1]), found[2]
    if unit == "ms" and number >= 1000:
        number, unit = number / 1000, "s"
    if unit == "s" and number >= 120:
        number, unit = number / 60, "min"
    figure = f"{number:.5g}" if unit == "%" else f"{number:.3g}" if number < 1000 else f"{number:.0f}"
    one, more = _UNITS[unit]
    return f"{figure} {one if figure == '1' else more}"
