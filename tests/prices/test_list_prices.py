"""Where prices come from: the snapshot inside genai-prices, and a file of one's own."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from genai_prices import Usage, calc_price
from pydantic import SecretStr

from wherespent.bootstrap import make_site
from wherespent.demo import prices as demo
from wherespent.domain.pricing import BATCH, STANDARD, Missing, PriceUnit, Tariff, priced
from wherespent.errors import ConfigurationError
from wherespent.prices import list_prices
from wherespent.settings import read_settings

TODAY = date(2026, 11, 1)
BOOK = list_prices()


def found(model: str, tier: str = STANDARD, day: date = TODAY) -> Tariff:
    tariff = BOOK.tariff(model, tier, day)
    assert isinstance(tariff, Tariff), tariff
    return tariff


@pytest.mark.parametrize(
    ("model", "tier", "context", "day"),
    [
        ("gpt-5", STANDARD, None, TODAY),
        ("gpt-5", "flex", {"service_tier": "flex"}, TODAY),
        ("gpt-5", "priority", {"service_tier": "priority"}, TODAY),
        ("gpt-5", BATCH, {"processing": "batch"}, TODAY),
        ("o3", STANDARD, None, date(2025, 6, 9)),
        ("o3", STANDARD, None, date(2025, 6, 10)),
        ("gpt-5.6-sol", STANDARD, None, date(2026, 8, 20)),
        ("gpt-5.6-sol", BATCH, {"processing": "batch"}, TODAY),
        ("gpt-4.1-mini-2025-04-14", STANDARD, None, TODAY),
    ],
)
@pytest.mark.parametrize("size", [40_000, 300_000])
def test_the_snapshot_says_what_genai_prices_says(
    model: str, tier: str, context: dict[str, str] | None, day: date, size: int
) -> None:
    amounts = {PriceUnit.INPUT: size - 7, PriceUnit.CACHED_INPUT: 7, PriceUnit.OUTPUT: 901}
    theirs = calc_price(
        Usage(input_tokens=size, cache_read_tokens=7, output_tokens=901),
        model,
        provider_id="openai",
        genai_request_timestamp=datetime.combine(day, time(12), UTC),
        price_context=context,
    )
    ours = priced(amounts, found(model, tier, day), request_input=size)
    assert ours.cost == theirs.total_price
    assert (ours.source, ours.missing) == ("genai-prices", {})
    assert ours.version


@pytest.mark.parametrize(
    ("model", "tier", "day", "why"),
    [
        ("gpt-99-made-up", STANDARD, TODAY, Missing.MODEL),
        # genai-prices answers all of these with the standard price.
        ("gpt-5", "flex-tier", TODAY, Missing.TIER),
        ("gpt-5", "incentivized-tier", TODAY, Missing.TIER),
        ("gpt-5", "scale", TODAY, Missing.TIER),
        ("gpt-5", "batch flex", TODAY, Missing.TIER),
        ("gpt-5", "flex", date(2026, 10, 11), Missing.DATE),
        ("text-embedding-3-large", BATCH, TODAY, Missing.TIER),
        # and this one with an error
        ("ft-gpt-4.1-2025-04-14", STANDARD, TODAY, Missing.MODEL),
    ],
)
def test_what_the_snapshot_does_not_list_has_no_price(
    model: str, tier: str, day: date, why: Missing
) -> None:
    assert BOOK.tariff(model, tier, day) is why


def test_a_fine_tuned_model_is_found_by_its_key() -> None:
    assert found("ft-gpt-4o-2024-08-06").rates[PriceUnit.INPUT].usd == Decimal("3.75")


def test_the_audio_of_a_preview_has_no_price() -> None:
    preview = found("gpt-4o-audio-preview-2025-06-03")
    assert preview.rate(PriceUnit.INPUT) is not None
    assert preview.rate(PriceUnit.AUDIO_INPUT) is None


def test_other_units_are_by_the_million() -> None:
    speech, whisper = found("tts-1-hd"), found("whisper-1")
    assert speech.rates[PriceUnit.CHARACTERS].usd == 30
    assert whisper.rates[PriceUnit.SECONDS].usd == 100  # 0.36 an hour: 0.0001 a second
    assert found("omni-moderation-latest").rates[PriceUnit.INPUT].usd == 0


OWN = """
[[price]]
model = "gpt-99"
input = 0.1
cached_input = 0.01
output = "0.30"
long_context = { over = 200000, input = 0.2 }

[[price]]
model = "gpt-99"
valid_from = 2026-03-01
input = 0.05

[[price]]
model = "ft:gpt-99:acme::x1"
tier = "batch"
audio_hour = 0.36
image = 0.0384615384615
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(OWN)
    return file


def test_own_prices_are_the_digits_that_were_written(own: Path) -> None:
    book = list_prices(own)
    old = book.tariff("gpt-99", STANDARD, date(2026, 2, 28))
    assert isinstance(old, Tariff)
    # A double of 0.1 is 0.1000000000000000055…
    assert str(old.rates[PriceUnit.INPUT].usd) == "0.1"
    assert old.rates[PriceUnit.INPUT].long_context == Decimal("0.2")
    assert old.rates[PriceUnit.OUTPUT].long_context is None
    assert old.source == "prices.toml"
    new = book.tariff("gpt-99", STANDARD, date(2026, 3, 1))
    assert isinstance(new, Tariff)
    # An entry is the whole price of its model and tier from that day on.
    assert (new.rate(PriceUnit.INPUT), new.rate(PriceUnit.OUTPUT)) != (None, None)
    assert new.rate(PriceUnit.OUTPUT) is None
    tuned = book.tariff("ft-gpt-99", BATCH, TODAY)
    assert isinstance(tuned, Tariff)
    assert tuned.rates[PriceUnit.SECONDS].usd == 100
    assert tuned.rates[PriceUnit.IMAGES].usd == Decimal("38461.5384615")


def test_own_prices_come_before_the_snapshot_and_cover_dated_names(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"price": [{"model": "gpt-5", "input": 1.1, "output": 9}]}))
    book = list_prices(file)
    for model in ("gpt-5", "gpt-5-2025-08-07"):
        tariff = book.tariff(model, STANDARD, TODAY)
        assert isinstance(tariff, Tariff)
        assert tariff.rates[PriceUnit.INPUT].usd == Decimal("1.1")
    flex = book.tariff("gpt-5", "flex", TODAY)
    assert isinstance(flex, Tariff)
    assert flex.source == "genai-prices"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("price = [", "is not TOML"),
        ("prices = []", 'must hold a list "price"'),
        ("[[price]]\ninput = 1", "price 1: model must be a name"),
        ('[[price]]\nmodel = "m"', "price 1 (m): has no price: give one of input"),
        ('[[price]]\nmodel = "m"\ninputs = 1', "price 1 (m): 'inputs' is not known"),
        ('[[price]]\nmodel = "m"\ninput = -1', "input must be US dollars from 0"),
        ('[[price]]\nmodel = "m"\ninput = nan', "input must be US dollars from 0"),
        ('[[price]]\nmodel = "m"\ninput = true', "input must be US dollars from 0"),
        ('[[price]]\nmodel = "m"\ninput = 1\nvalid_from = "soon"', "valid_from must be a day"),
        ('[[price]]\nmodel = "m"\ninput = 1\nlong_context = {input = 2}', "over must be a number"),
        (
            '[[price]]\nmodel = "m"\ninput = 1\nlong_context = {over = 9, output = 2}',
            "the base has none",
        ),
        (
            '[[price]]\nmodel = "m"\ninput = 1\n[[price]]\nmodel = "m"\ninput = 2',
            "price 2 (m): this tier and valid_from are there before",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        list_prices(file)
    assert str(refused.value).startswith(f"WHERESPENT_PRICES={file} ")
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        list_prices(tmp_path / "none.toml")


def test_a_wrong_file_stops_the_start(tmp_path: Path) -> None:
    file, database = tmp_path / "prices.toml", tmp_path / "new.db"
    file.write_text("price = 1")
    settings = read_settings(
        env_file=None, prices=file, database_url=SecretStr(f"sqlite:///{database}")
    )
    with pytest.raises(ConfigurationError, match="WHERESPENT_PRICES"):
        make_site(settings)
    assert not database.exists()


def test_the_demo_has_a_price_for_what_it_bills_by_model() -> None:
    book = list_prices(Path(demo.__file__).with_suffix(".toml"))
    for model in [*demo.TOKEN_PRICES, *demo.UNIT_PRICES]:
        key = "ft-gpt-4.1-mini-2025-04-14" if model.startswith("ft:") else model
        assert isinstance(book.tariff(key, STANDARD, TODAY), Tariff), model
