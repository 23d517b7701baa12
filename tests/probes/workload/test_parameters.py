"""Where a parameter stands, and what a query is called."""

import pytest

from probes.workload.naming import query_name, route_name
from probes.workload.parameters import Place, Use, shape_of
from probes.workload.routes import Route

T = (('"t"', "id"),)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("id = $1", Place(Use.EQUAL, T)),
        ("$1 = t.id", Place(Use.EQUAL, T)),
        ("id IN (1, $1)", Place(Use.EQUAL, T)),
        ("id = ANY(($1)::bigint[])", Place(Use.EQUAL, T)),
        ("id > $1", Place(Use.LOW, T)),
        ("$1 >= id", Place(Use.HIGH, T)),
        ("id BETWEEN 1 AND $1", Place(Use.HIGH, T)),
        ("name LIKE $1", Place(Use.PATTERN, (('"t"', "name"),))),
        ("id = 1 + $1", Place(Use.OTHER)),
        ("f(id) = $1", Place(Use.EQUAL)),
        ("id = 1 LIMIT $1", Place(Use.LIMIT)),
        ("id = 1 OFFSET $1", Place(Use.OFFSET)),
    ],
)
def test_the_place_of_a_parameter(condition: str, expected: Place) -> None:
    """It is held against a column, or says how many rows, or nothing is known of it."""
    assert shape_of(f"SELECT a FROM t WHERE {condition}").places == {1: expected}


def test_a_parameter_is_held_against_the_table_its_alias_means() -> None:
    """Also in a query within a query; without an alias every table of the query may be meant, the inner ones first."""
    shape = shape_of(
        'SELECT a FROM s."Big" AS o WHERE o.x = $1'
        " AND EXISTS (SELECT FROM p JOIN q ON p.i = q.i WHERE y = $2 AND o.z = $3)"
    )
    assert shape.places[1].columns == (('"s"."Big"', "x"),)
    assert shape.places[2].columns == (('"p"', "y"), ('"q"', "y"), ('"s"."Big"', "y"))
    assert shape.places[3].columns == (('"s"."Big"', "z"),)


def test_of_several_places_the_one_that_says_something_counts() -> None:
    """Sent twice, the same value is held against a column in one place and calculated with in another."""
    places = shape_of("SELECT a FROM t WHERE id <= $1 + $2 AND id > $1").places
    assert (places[1].use, places[2].use) == (Use.LOW, Use.OTHER)


def test_a_text_that_cannot_be_taken_apart_is_said_to_be() -> None:
    """Never guessed at."""
    with pytest.raises(ValueError, match="can't be taken apart"):
        shape_of("SELECT FROM WHERE (")


def test_names_are_words_and_all_different() -> None:
    """From the first table that is one, and the columns asked by; the second of a name is numbered."""
    shape = shape_of("WITH x AS (SELECT 1) SELECT a FROM x JOIN portfolio_valuations AS v ON v.portfolio_id = $1")
    assert query_name(shape, ["portfolio_id", "portfolio_id"], ()) == "portfolio_valuations_by_portfolio_id"
    assert query_name(shape, ["portfolio_id"], {"portfolio_valuations_by_portfolio_id"}).endswith("_id_2")
    assert query_name(shape_of("SELECT count(*) FROM t"), [], ()) == "t_totals"
    assert query_name(shape_of("SELECT a FROM t GROUP BY a"), [], ()) == "t_summary"
    assert query_name(shape_of('SELECT a FROM "Überall"'), [], ()) == "berall_list"
    assert query_name(shape_of("SELECT 1"), [], ()) == "constant"
    assert route_name(Route("GET", "/api/v1/client-groups/{id}/products"), ()) == "get_client_groups_products"
    assert route_name(Route("GET", "/"), {"get_root"}) == "get_root_2"
