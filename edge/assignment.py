"""Who is who: the pairs of tracks and faces that cost least together."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TypeAlias

Costs: TypeAlias = Sequence[Sequence[float]]
"""A track a row, a face a column, 0..1; 1 is a pair that cannot be."""


def assign(costs: Costs) -> dict[int, int]:
    """Return which column each row gets, so that the sum of the costs is least; a row or column left alone costs 1.

    Hungarian method with potentials, one shortest augmenting path a row: Kuhn 1955; Jonker and Volgenant 1987. Takes
    time with the cube of the number of faces, which are few; in most frames no two rows want the same column.
    """
    if not costs or not costs[0]:
        return {}
    least = [min(each) for each in costs]
    wanted = {row: costs[row].index(cost) for row, cost in enumerate(least) if cost < 1}
    if len(set(wanted.values())) == len(wanted):
        return wanted
    if len(costs) > len(costs[0]):
        return {row: column for column, row in assign(list(zip(*costs, strict=True))).items()}
    return {row: column for row, column in enumerate(_solve(costs)) if costs[row][column] < 1}


def _solve(costs: Costs) -> list[int]:
    """Return the column of every row; there are at least as many columns. Index 0 stands for "none" inside.

    Plain lists: for the one to twenty faces of a frame three to five times faster than arrays.
    """
    rows, columns = len(costs), len(costs[0])
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0] = row
        column, came_from = _search(costs, row_of, row_price, column_price)
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    column_of = [0] * rows
    for column in range(1, columns + 1):
        if row_of[column]:
            column_of[row_of[column] - 1] = column - 1
    return column_of


def _search(
    costs: Costs, row_of: list[int], row_price: list[float], column_price: list[float]
) -> tuple[int, list[int]]:
    """Return the nearest free column and from which column each was reached; changes the prices."""
    least = [inf] * len(row_of)
    came_from = [0] * len(row_of)
    done, left = [], list(range(1, len(row_of)))
    column = 0
    while row_of[column]:
        done.append(column)
        row = row_of[column]
        for each in left:
            reduced = costs[row - 1][each - 1] - row_price[row] - column_price[each]
            if reduced < least[each]:
                least[each], came_from[each] = reduced, column
        column = min(left, key=least.__getitem__)
        left.remove(column)
        step = least[column]
        for each in done:
            row_price[row_of[each]] += step
            column_price[each] -= step
        for each in (column, *left):
            least[each] -= step
    return column, came_from
