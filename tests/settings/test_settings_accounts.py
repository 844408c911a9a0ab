"""Several organizations in the settings: what is accepted, what is refused, what is never shown."""

import json
from pathlib import Path

import pytest
from tests.builders import all_that_it_says

from wherespent.errors import ConfigurationError
from wherespent.settings import read_settings

TWO = [
    {"label": "research", "key": "sk-admin-CANARY1"},
    {"label": "sales.eu", "key": "sk-admin-CANARY2", "base_url": "https://eu.api.openai.com/v1/"},
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal() -> str:
    """What is said; nothing that it holds may show a key."""
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    assert "CANARY" not in all_that_it_says(caught.value)
    return str(caught.value)


def accounts() -> list[tuple[str, str, str]]:
    return [
        (each.label, each.key.get_secret_value(), each.base_url)
        for each in read_settings().organizations
    ]


def test_one_key_is_the_account_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-one")
    assert accounts() == [("default", "sk-admin-one", "https://api.openai.com/v1")]


def test_without_any_key_there_is_no_account() -> None:
    assert accounts() == []


def test_a_list_names_accounts_and_where_they_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", json.dumps(TWO))
    monkeypatch.setenv("WHERESPENT_OPENAI_BASE_URL", "https://us.api.openai.com/v1")
    assert accounts() == [
        ("research", "sk-admin-CANARY1", "https://us.api.openai.com/v1"),
        ("sales.eu", "sk-admin-CANARY2", "https://eu.api.openai.com/v1"),
    ]


def test_the_one_key_comes_before_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-one")
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", json.dumps(TWO))
    assert [label for label, _, _ in accounts()] == ["default", "research", "sales.eu"]


def test_the_list_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("accounts.json").write_text(json.dumps(TWO))
    monkeypatch.setenv("WHERESPENT_ACCOUNTS_FILE", "accounts.json")
    assert [label for label, _, _ in accounts()] == ["research", "sales.eu"]


@pytest.mark.parametrize("empty", ["", "  ", "[]"])
def test_an_empty_list_is_no_list(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", empty)
    assert accounts() == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('[{"label": "a", "key": "sk-CANARY"}', "line 1, column"),
        ("sk-admin-CANARY", "is not a list in JSON"),
        ('{"label": "a", "key": "sk-CANARY"}', "where a [ must stand"),
        ('["sk-admin-CANARY"]', "WHERESPENT_ACCOUNTS[0]"),
        ('[{"label": "a"}]', "WHERESPENT_ACCOUNTS[0].key: Field required"),
        ('[{"key": "sk-CANARY"}]', "WHERESPENT_ACCOUNTS[0].label: Field required"),
        ('[{"label": "a", "key": "sk-CANARY\\r"}]', "[0].key: holds a character that no key has"),
        ('[{"label": "a", "key": "sk-CANARY", "url": "x"}]', "[0].url: Extra inputs"),
        ('[{"label": "a b", "key": "sk-CANARY"}]', "[0].label: must be 1 to 40 letters"),
        ('[{"label": "a:b", "key": "sk-CANARY"}]', "[0].label: must be 1 to 40 letters"),
        ('[{"label": "", "key": "sk-CANARY"}]', "[0].label: must be 1 to 40 letters"),
        ('[{"label": "a", "key": "sk-CANARY", "base_url": "x"}]', "[0].base_url: must be a URL"),
        (
            '[{"label": "a", "key": "sk-CANARY"}, {"label": "A", "key": "sk-2"}]',
            "two accounts have the label 'A'",
        ),
        (
            '[{"label": "a", "key": "sk-CANARY"}, {"label": "b", "key": "sk-CANARY"}]',
            "'a' and 'b' have the same key",
        ),
    ],
)
def test_a_list_that_is_wrong_is_explained_without_its_keys(
    monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", given)
    assert told in refusal()


def test_two_accounts_called_default_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-CANARY")
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", '[{"label": "default", "key": "sk-2"}]')
    assert "OPENAI_ADMIN_KEY is the key of 'default'" in refusal()


def test_a_key_that_is_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-CANARY")
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", '[{"label": "b", "key": "sk-admin-CANARY"}]')
    assert "would be counted twice" in refusal()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://:CANARY@eu.example/v1", "must hold no user, password"),
        ("https://user:CANARY@eu.example/v1", "must hold no user, password"),
        ("https://@eu.example/v1", "must hold no user, password"),
        ("https://eu.example:port/v1", "must have a number from 1 to 65535 as its port"),
        ("https://eu.example:70000/v1", "must have a number from 1 to 65535 as its port"),
        ("https://eu.example:0/v1", "must have a number from 1 to 65535 as its port"),
    ],
)
def test_an_address_with_a_password_or_a_wrong_port_is_refused_in_both_places(
    monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    monkeypatch.setenv("WHERESPENT_OPENAI_BASE_URL", url)
    assert told in refusal()
    monkeypatch.delenv("WHERESPENT_OPENAI_BASE_URL")
    listed = [{"label": "a", "key": "sk-CANARY", "base_url": url}]
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", json.dumps(listed))
    assert told in refusal()


def test_settings_print_without_the_keys_of_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERESPENT_ACCOUNTS", json.dumps(TWO))
    settings = read_settings()
    assert "CANARY" not in f"{settings!r} {settings.model_dump()!r} {settings.organizations!r}"


def key_now(label: str) -> str | None:
    key = read_settings().key_now(label)
    return None if key is None else key.get_secret_value()


def test_a_key_without_a_file_is_never_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-one")
    assert key_now("default") is None


@pytest.mark.parametrize("said", ["sk-admin-two", " sk-admin-two\n"])
def test_a_file_says_the_newest_key(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    Path("key").write_text("sk-admin-one")
    monkeypatch.setenv("OPENAI_ADMIN_KEY_FILE", "key")
    settings = read_settings()
    Path("key").write_text(said)
    newest = settings.key_now("default")
    assert newest is not None
    assert newest.get_secret_value() == "sk-admin-two"


def test_a_list_says_the_newest_key_of_each_account(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("accounts.json").write_text(json.dumps(TWO))
    monkeypatch.setenv("WHERESPENT_ACCOUNTS_FILE", "accounts.json")
    settings = read_settings()
    Path("accounts.json").write_text('[{"label": "sales.eu", "key": "sk-admin-new"}]')
    newest = settings.key_now("sales.eu")
    assert newest is not None
    assert newest.get_secret_value() == "sk-admin-new"
    assert settings.key_now("research") is None


@pytest.mark.parametrize("said", ["", "two words", None])
def test_a_file_that_is_half_written_says_nothing(
    monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    Path("key").write_text("sk-admin-one")
    monkeypatch.setenv("OPENAI_ADMIN_KEY_FILE", "key")
    settings = read_settings()
    Path("key").unlink()
    if said is not None:
        Path("key").write_text(said)
    assert settings.key_now("default") is None
