"""Which of many tests may be believed together?"""

from collections.abc import Sequence


def adjusted(p_values: Sequence[float]) -> list[float]:
    """The p-values after Benjamini and Hochberg (1995), in the order they came.

    Reporting what is at most 0.1 makes, on average, one report in ten a false alarm, however many
    were tested.
    """
    count = len(p_values)
    result = [1.0] * count
    smallest = 1.0
    for rank, index in sorted(
        enumerate(sorted(range(count), key=p_values.__getitem__), start=1), reverse=True
    ):
        smallest = min(smallest, p_values[index] * count / rank)
        result[index] = smallest
    return result
