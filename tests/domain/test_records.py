"""Records of one series are added, whichever way the provider spelled a missing dimension."""

from wherespent.domain.records import CostAmount, added_costs, added_measures, by_number


def test_null_beside_an_empty_dimension_is_one_series() -> None:
    records = {(None,): (5, None), ("",): (7, 1), ("p",): (1, 1)}
    numbers = {(None,): 1, ("",): 1, ("p",): 2}
    assert by_number(numbers, records, added_measures) == {1: (12, 1), 2: (1, 1)}


def test_costs_of_one_series_are_added_and_a_quantity_needs_both() -> None:
    assert added_costs(CostAmount(1, 2.5), CostAmount(2, 0.5)) == CostAmount(3, 3.0)
    assert added_costs(CostAmount(1, 2.5), CostAmount(2, None)) == CostAmount(3, None)
