from __future__ import annotations

from itertools import permutations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.assignment import Costs, assign


def total(costs: Costs, column_of: dict[int, int]) -> float:
    """Return what an assignment costs; a row or column left alone costs 1, a pair that cannot be is not made."""
    alone = min(len(costs), len(costs[0])) - len(column_of)
    return sum(costs[row][column] for row, column in column_of.items()) + alone


def test_each_row_gets_its_cheapest_column_when_nobody_disputes_it() -> None:
    assert assign([[0.1, 0.9], [0.8, 0.2]]) == {0: 0, 1: 1}


def test_the_sum_counts_and_not_the_cheapest_pair() -> None:
    assert assign([[0.1, 0.2], [0.15, 0.95]]) == {0: 1, 1: 0}


def test_a_sure_pair_is_not_broken_up_to_find_somebody_for_everybody() -> None:
    assert assign([[0.05, 0.9], [0.9, 1.0]]) == {0: 0}


def test_what_cannot_be_a_pair_stays_alone() -> None:
    assert assign([[1.0, 1.0], [0.3, 1.0]]) == {1: 0}
    assert assign([[1.0, 1.0], [1.0, 0.3]]) == {1: 1}
    assert assign([[1.0]]) == {}
    assert assign([]) == assign([[], [], []]) == {}


@settings(deadline=None)  # a busy machine
@given(st.integers(1, 5), st.integers(1, 5), st.randoms(use_true_random=False))
def test_no_other_assignment_costs_less(rows: int, columns: int, chance: Random) -> None:
    values = [chance.choice((0.1, 0.25, 0.5, 0.75, 0.9, 1.0)) for _ in range(rows * columns)]
    costs = [values[row * columns :][:columns] for row in range(rows)]
    wide: Costs = costs if rows <= columns else list(zip(*costs, strict=True))
    best = min(sum(wide[row][column] for row, column in enumerate(order)) for order in permutations_of(wide))
    assert abs(total(costs, assign(costs)) - best) < 1e-9


def permutations_of(costs: Costs) -> permutations[tuple[int, ...]]:
    return permutations(range(len(costs[0])), len(costs))
