"""Which samples of a page are meant: a metric's name and matchers of its labels, written as in PromQL."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from promql_parser import Matcher, MatchOp, VectorSelector, parse
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_WANTED = 'write a metric\'s name with matchers if need be, such as http_requests_total{status=~"5.."}'


@dataclass(frozen=True, slots=True)
class _LabelMatcher:
    """`wanted`: whether the label's value must match the pattern, or must not."""

    label: str
    pattern: re.Pattern[str]
    wanted: bool

    def accepts(self, labels: Mapping[str, str]) -> bool:
        # As in Prometheus, a label that is missing is an empty one.
        return (self.pattern.fullmatch(labels.get(self.label, "")) is not None) is self.wanted


@dataclass(frozen=True, slots=True)
class Selector:
    """`name` is the metric's, as it stands on the page. Two selectors of one text are the same."""

    text: str
    name: str = field(compare=False)
    _matchers: tuple[_LabelMatcher, ...] = field(compare=False)

    @classmethod
    def parse(cls, given: object) -> "Selector":
        """From a vector selector of PromQL. Raises ValueError with what is wrong with it."""
        if isinstance(given, Selector):
            return given
        if not isinstance(given, str):
            raise ValueError(_WANTED)
        try:
            found = parse(given)
        except ValueError as error:
            raise ValueError(f"{error}; {_WANTED}") from None
        if not isinstance(found, VectorSelector) or found.name is None or found.matchers.or_matchers:
            raise ValueError(_WANTED)
        if found.offset is not None or found.at is not None:
            raise ValueError("a page has only samples of now; leave out offset and @")
        return cls(given, found.name, tuple(_label_matchers(found.matchers.matchers)))

    @property
    def buckets(self) -> "Selector":
        """The buckets of the histogram that this selector names."""
        return Selector(f"{self.text} (buckets)", f"{self.name}_bucket", self._matchers)

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Whether a sample of this metric with those labels is meant."""
        return all(matcher.accepts(labels) for matcher in self._matchers)

    def __str__(self) -> str:
        return self.text


def _label_matchers(matchers: list[Matcher]) -> Iterator[_LabelMatcher]:
    for one in matchers:
        is_text = one.op in (MatchOp.Equal, MatchOp.NotEqual)
        try:
            pattern = re.compile(re.escape(one.value) if is_text else one.value, re.DOTALL)
        except re.error as error:
            raise ValueError(f"{one.value!r} is no regular expression: {error}") from None
        yield _LabelMatcher(one.name, pattern, one.op in (MatchOp.Equal, MatchOp.Re))


# A selector as the field of a model, written as text.
WrittenSelector = Annotated[
    Selector,
    BeforeValidator(Selector.parse),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ['http_requests_total{status=~"5.."}']}),
]
