"""Fragments of a configuration, ready to be used: probes and nothing else, by the name of a file."""

from importlib.resources import files


def recipe_names() -> list[str]:
    """The recipes that are shipped, in the order of the alphabet."""
    entries = (one.name for one in files(__name__).iterdir())
    return sorted(name.removesuffix(".yml") for name in entries if name.endswith(".yml"))


def recipe(name: str) -> str:
    """The YAML text of a shipped recipe. Raises FileNotFoundError where there is none of that name."""
    return (files(__name__) / f"{name}.yml").read_text(encoding="utf-8")
