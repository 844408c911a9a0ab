"""A small organization whose sums a reader can check by hand."""

import pytest
from tests.analytics.facts import Facts, at

from wherespent.storage.engine import Database


@pytest.fixture
def facts(database: Database) -> Facts:
    return Facts(database)


@pytest.fixture
def organization(facts: Facts) -> Facts:
    """Three days of January 2026 (the 1st is a Thursday) and one of February."""
    _usage(facts)
    _costs(facts)
    facts.name("project", "p1", "Web")
    facts.name("user", "u1", "", email="ann@example.com")
    facts.name("api_key", "k1", "production", hint="sk-...1")
    return facts


def _usage(facts: Facts) -> None:
    tokens = {"batch": "false", "service_tier": "default", "api_source": "unlabeled"}
    split = {"input_uncached_tokens": 60, "input_cached_tokens": 30, "input_cache_write_tokens": 10}
    ann = tokens | {"project_id": "p1", "user_id": "u1", "api_key_id": "k1", "model": "gpt-5"}
    bob = tokens | {"project_id": "p2", "user_id": "u2", "api_key_id": "k2", "model": "o3"}
    hour = {"num_model_requests": 10, "input_tokens": 100, "output_tokens": 7}
    facts.usage("completions", at("2026-01-01", 9), **ann, **hour, **split)
    facts.usage("completions", at("2026-01-01", 10), **ann, **hour, **split)
    facts.usage("completions", at("2026-01-02", 9), **bob | {"batch": "true"}, **hour)
    facts.usage("completions", at("2026-02-03", 0), **bob | {"user_id": ""}, **hour, **split)
    who = {"project_id": "p1", "user_id": "u1", "api_key_id": "k1"}
    facts.usage(
        "embeddings",
        at("2026-01-01", 9),
        **who,
        model="embed",
        num_model_requests=5,
        input_tokens=50,
    )
    facts.usage(
        "images", at("2026-01-02", 9), **who, model="image-1", num_model_requests=2, images=3
    )
    facts.usage(
        "web_search_calls",
        at("2026-01-02", 9),
        **who,
        model="gpt-5",
        num_model_requests=4,
        num_requests=6,
    )
    for day, hour_, project, size in (
        ("2026-01-01", 1, "p1", 1000),
        ("2026-01-01", 2, "p1", 1100),
        ("2026-01-01", 2, "p2", 10),
        ("2026-01-02", 5, "p1", 1200),
    ):
        facts.usage("vector_stores", at(day, hour_), project_id=project, usage_bytes=size)


def _costs(facts: Facts) -> None:
    gpt, o3 = "gpt-5, input", "o3, output"
    ann = {"project_id": "p1", "user_id": "u1", "api_key_id": "k1"}
    bob = {"project_id": "p2", "user_id": "u2", "api_key_id": "k2"}
    facts.cost("2026-01-01", "1.000000001", line_item=gpt, quantity=200, unit="tokens", **ann)
    facts.cost("2026-01-02", "2.5", line_item=gpt, quantity=300, unit="tokens", **bob)
    facts.cost("2026-01-02", "0.25", line_item=o3, quantity=5, unit="tokens", **bob)
    facts.cost("2026-01-02", "0.125", line_item="web search", quantity=2, unit="calls", **ann)
    facts.cost("2026-01-03", "-0.5", line_item="credit grant", project_id="p1")
    facts.cost("2026-02-03", "4", line_item=o3, quantity=8, unit="tokens", **bob)
