"""What the pages of models are made of: bill, usage, estimate, prices paid and life of each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from wherespent.analytics.cost import cost_total
from wherespent.analytics.estimated import Estimate, MissingPrice, estimates
from wherespent.analytics.models import Life, billed_by_model, lives
from wherespent.analytics.paid_prices import PaidPrice, added_prices, over_list, paid_prices
from wherespent.analytics.usage import TokenPoint, tokens_by
from wherespent.dashboard import comparison, gaps
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.mentions import is_named
from wherespent.domain.pricing import PriceUnit
from wherespent.errors import QuestionRefused

Paid = Mapping[PriceUnit, PaidPrice]
_FINEST_DIFFERENCE = Decimal("0.001")


def shown_difference(fraction: Decimal | None) -> Decimal | None:
    """To a tenth of a percent: amounts that were rounded to nano-dollars are no difference."""
    return None if fraction is None else fraction.quantize(_FINEST_DIFFERENCE) + Decimal(0)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """By model key. `billed` is None where it was not read, or where `refusal` says why;
    `unmodelled` is what line items without a model were billed.
    """

    billed: Mapping[str, Decimal] | None
    before: Mapping[str, Decimal] | None
    refusal: str
    used: Mapping[str, TokenPoint]
    estimates: Mapping[str, Estimate]
    whole: Estimate
    paid: Mapping[str, Paid]
    lives: Mapping[str, Life]
    missing: Sequence[MissingPrice]

    @property
    def keys(self) -> list[str]:
        """Models with usage or cost in the range, or in the compared one."""
        found = {*self.used, *(self.billed or {}), *(self.before or {})}
        return sorted(key for key in found if is_named(key))

    @property
    def modelled(self) -> Decimal | None:
        """What was billed for models; line items without one are not of it."""
        if self.billed is None:
            return None
        return sum((usd for key, usd in self.billed.items() if key), Decimal(0))

    @property
    def unmodelled(self) -> Decimal:
        return (self.billed or {}).get("", Decimal(0))

    def over_list(self, *models: str) -> Decimal | None:
        """How much more than the list price was paid, over all units that have one."""
        rows = [price for model in models for price in self.paid.get(model, {}).values()]
        return shown_difference(over_list(*added_prices(rows)))


def model_facts(desk: Desk, asked: Asked) -> ModelFacts:
    """Everything that is asked about models in the range of the view."""
    ask, prices = desk.answers.ask, desk.options.prices
    billed, before, refusal = _bill(desk, asked)
    estimated = ask(estimates, asked.total, ("model",), prices)
    return ModelFacts(
        billed,
        before,
        refusal,
        {point.key: point for point in ask(tokens_by, asked.total, "model")},
        {point.keys[0]: point.estimate for point in estimated.points},
        estimated.whole,
        _paid(desk, asked) if not refusal else {},
        desk.answers.lately(lives),
        estimated.missing,
    )


def _bill(
    desk: Desk, asked: Asked
) -> tuple[Mapping[str, Decimal] | None, Mapping[str, Decimal] | None, str]:
    ask = desk.answers.ask
    try:
        billed = ask(billed_by_model, asked.total)
        if not billed and ask(cost_total, asked.total) is None:
            return None, None, ""
        compared = comparison.before(desk, asked, gaps.COST_STREAMS)
        return billed, ask(billed_by_model, compared) if compared else None, ""
    except QuestionRefused as reason:
        return None, None, str(reason)


def _paid(desk: Desk, asked: Asked) -> dict[str, dict[PriceUnit, PaidPrice]]:
    found: dict[str, dict[PriceUnit, PaidPrice]] = defaultdict(dict)
    for row in desk.answers.ask(paid_prices, asked.total, desk.options.prices):
        found[row.model_key][row.unit] = row
    return dict(found)
