"""Where a figure stands, so that a person can go there and read it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One figure of one layer: `layer` is what people call that layer, `key` the keys down to the figure.

    `shipped`: they are keys of matrix.yml; else of the user's configuration.
    """

    layer: str
    key: tuple[str, ...]
    shipped: bool

    def __str__(self) -> str:
        return self.layer
