"""How long names fold on a narrow page."""

import pytest

from dashboards.page import breakable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("database_queries.login", "database_<wbr>queries.<wbr>login"),
        ("0.25 s of p95_1", "0.25 s of p95_<wbr>1"),
        ("a <b>.c", "a &lt;b&gt;.c"),
    ],
)
def test_names_fold_where_their_words_end_and_figures_do_not(text: str, shown: str) -> None:
    """A figure broken at its point would be read as two."""
    assert breakable(text) == shown
