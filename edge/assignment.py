"""Who is who: the pairs of tracks and faces that cost least together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]
"""(n, m) float64, a track a row, a face a column, 0..1; 1 is a pair that cannot be."""


def assign(costs: Costs) -> dict[int, int]:
    """Return which column each row gets, so that the sum of the costs is least; a row or column left alone costs 1.

    Hungarian method with potentials, one shortest augmenting path a row: Kuhn 1955; Jonker and Volgenant 1987. Takes
    time with the cube of the number of faces, which are few.
    """
    rows, columns = costs.shape
    if rows > columns:
        return {row: column for column, row in assign(costs.T).items()}
    column_of = _solve(costs)
    return {row: column for row, column in enumerate(column_of) if costs[row, column] < 1}


def _solve(costs: Costs) -> list[int]:
    """Return the column of every row; there are at least as many columns. Index 0 stands for "none" inside."""
    rows, columns = costs.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    row_of = np.zeros(columns + 1, int)
    for row in range(1, rows + 1):
        row_of[0] = row
        column, came_from = _search(costs, row_of, row_price, column_price)
        while column:
            row_of[column] = row_of[came_from[column]]
            column = int(came_from[column])
    column_of = [0] * rows
    for column in range(1, columns + 1):
        if row_of[column]:
            column_of[row_of[column] - 1] = column - 1
    return column_of


def _search(
    costs: Costs, row_of: NDArray[np.int_], row_price: Costs, column_price: Costs
) -> tuple[int, NDArray[np.int_]]:
    """Return the nearest free column and from which column each was reached; changes the prices."""
    least = np.full(len(row_of), np.inf)
    came_from = np.zeros(len(row_of), int)
    done = np.zeros(len(row_of), bool)
    column = 0
    while row_of[column]:
        done[column] = True
        row = row_of[column]
        reduced = costs[row - 1] - row_price[row] - column_price[1:]
        nearer = ~done[1:] & (reduced < least[1:])
        least[1:][nearer], came_from[1:][nearer] = reduced[nearer], column
        open_least = np.where(done, np.inf, least)
        open_least[0] = np.inf
        column = int(open_least.argmin())
        step = open_least[column]
        row_price[row_of[done]] += step
        column_price[done] -= step
        least[~done] -= step
    return column, came_from
