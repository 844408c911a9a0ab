"""Settings: read from three places, checked at once, explained without giving a secret away."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.builders import all_that_it_says

from wherespent.errors import ConfigurationError
from wherespent.settings import SECRETS, Settings, read_settings, variable

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal() -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    return caught.value


def test_the_defaults_are_those_of_the_readme() -> None:
    settings = read_settings()
    assert settings.openai_admin_key is None
    assert settings.openai_base_url == "https://api.openai.com/v1"
    assert settings.database_url.get_secret_value().startswith("sqlite:///")
    assert (settings.host, settings.port) == ("127.0.0.1", 8050)
    assert settings.sync_interval == timedelta(minutes=5)
    assert (settings.backfill_days, settings.requests_per_minute) == (365, 60)
    assert settings.sync_enabled
    assert (settings.log_level, settings.log_format) == ("INFO", "console")


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("WHERESPENT_PORT", "eighty", "port"),
        ("WHERESPENT_PORT", "70000", "port"),
        ("WHERESPENT_SYNC_INTERVAL", "soon", "30s, 5m, 1h"),
        ("WHERESPENT_SYNC_INTERVAL", "0", "30s, 5m, 1h"),
        ("WHERESPENT_SYNC_INTERVAL", "30h", "30s, 5m, 1h"),
        ("WHERESPENT_BACKFILL_DAYS", "-1", "days of history"),
        ("WHERESPENT_BACKFILL_DAYS", "1.5", "days of history"),
        ("WHERESPENT_REQUESTS_PER_MINUTE", "-1", "0 = no limit"),
        ("WHERESPENT_SYNC_ENABLED", "perhaps", "false"),
        ("WHERESPENT_LOG_LEVEL", "CHATTY", "WARNING"),
        ("WHERESPENT_LOG_FORMAT", "xml", "json"),
        ("WHERESPENT_OPENAI_BASE_URL", "https://proxy.example", "end"),
        ("WHERESPENT_OPENAI_BASE_URL", "ftp://api.openai.com/v1", "https://api.openai.com/v1"),
        ("WHERESPENT_OPENAI_BASE_URL", "api.openai.com/v1", "https://api.openai.com/v1"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, accepted: str
) -> None:
    monkeypatch.setenv(name, value)
    message = str(refusal())
    assert f"{name}={value}" in message
    assert accepted in message


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERESPENT_PORT", "x")
    monkeypatch.setenv("WHERESPENT_BACKFILL_DAYS", "y")
    assert len(str(refusal()).splitlines()) == 2


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("5", 300), ("90s", 90), ("2m", 120), ("1h", 3600), ("0.5", 30), ("5 min", 300)],
)
def test_an_interval_is_minutes_or_has_a_unit(
    monkeypatch: pytest.MonkeyPatch, value: str, seconds: int
) -> None:
    monkeypatch.setenv("WHERESPENT_SYNC_INTERVAL", value)
    assert read_settings().sync_interval == timedelta(seconds=seconds)


# The key


@pytest.mark.parametrize(
    "key",
    [
        "sk-admin-CANARY\r",
        '"sk-admin-CANARY"',
        "'sk-admin-CANARY'",
        "sk-admin CANARY",
        "sk-admin-CANARY\nx",
        "sk-admin-CANARYü",
        "sk-admin-CANARY\u200b",
        "sk-admin-CANARY\u00a0",
        "Bearer sk-admin-CANARY",
        "“sk-admin-CANARY”",
    ],
)
def test_a_malformed_key_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", key)
    error = refusal()
    assert "OPENAI_ADMIN_KEY" in str(error)
    assert "CANARY" not in all_that_it_says(error)


@pytest.mark.parametrize("around", [" {} ", "{}\n", "\t{}"])
def test_space_around_the_key_is_stripped(monkeypatch: pytest.MonkeyPatch, around: str) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", around.format("sk-admin-abc"))
    key = read_settings().openai_admin_key
    assert key is not None
    assert key.get_secret_value() == "sk-admin-abc"


@pytest.mark.parametrize("key", ["", "   ", "\n"])
def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", key)
    assert read_settings().openai_admin_key is None


def test_settings_print_without_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-CANARY")
    monkeypatch.setenv("WHERESPENT_PASSWORD", "CANARY2")
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", "postgresql://me:CANARY3@host/db")
    settings = read_settings()
    assert "CANARY" not in f"{settings!r} {settings!s} {settings.model_dump()!r}"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:CANARY@host/db",
        "postgresql://me:CANARY/db",
        "postgresql://me:CANARY@host:port/db",
        "CANARY",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_a_wrong_database_url_is_explained_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", url)
    error = refusal()
    assert "WHERESPENT_DATABASE_URL" in str(error)
    assert "postgresql://USER:PASSWORD@HOST/NAME" in str(error)
    assert "CANARY" not in all_that_it_says(error)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_any_name_of_postgres_is_accepted(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("WHERESPENT_DATABASE_URL", f"{scheme}://me:pw@host/db")
    from wherespent.bootstrap import make_database

    database = make_database(read_settings())
    assert database.url.drivername == "postgresql+psycopg"
    database.dispose()


# Where values come from


def test_openai_base_url_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://proxy.example/v1")
    assert read_settings().openai_base_url == "https://api.openai.com/v1"


def test_openai_base_url_in_dotenv_is_not_read() -> None:
    Path(".env").write_text("OPENAI_BASE_URL=https://proxy.example/v1\n")
    assert read_settings().openai_base_url == "https://api.openai.com/v1"


def test_dotenv_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text('OPENAI_ADMIN_KEY="sk-admin-abc"\nWHERESPENT_PORT=1\nOTHER=1\n')
    monkeypatch.setenv("WHERESPENT_PORT", "2")
    settings = read_settings()
    assert settings.openai_admin_key is not None
    assert settings.openai_admin_key.get_secret_value() == "sk-admin-abc"
    assert settings.port == 2


@pytest.mark.parametrize("field", SECRETS)
def test_every_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    values = {"database_url": "sqlite:///x.db", "accounts": '[{"label": "a", "key": "sk-abc"}]'}
    value = values.get(field, "sk-admin-abc")
    Path("secret").write_text(value + "\n")
    monkeypatch.setenv(variable(field) + "_FILE", "secret")
    settings = read_settings()
    if field == "accounts":
        assert [each.key.get_secret_value() for each in settings.accounts] == ["sk-abc"]
    else:
        assert getattr(settings, field).get_secret_value() == value


def test_the_variable_wins_over_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_text("sk-admin-file")
    monkeypatch.setenv("OPENAI_ADMIN_KEY_FILE", "secret")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-variable")
    key = read_settings().openai_admin_key
    assert key is not None
    assert key.get_secret_value() == "sk-admin-variable"


def test_a_file_may_be_named_in_dotenv() -> None:
    Path("secret").write_text("sk-admin-file")
    Path(".env").write_text("OPENAI_ADMIN_KEY_FILE=secret\n")
    assert read_settings().openai_admin_key is not None


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERESPENT_PASSWORD_FILE", "/nowhere/password")
    assert "WHERESPENT_PASSWORD_FILE=/nowhere/password" in str(refusal())


def test_a_malformed_key_in_a_file_is_not_shown_either(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_text('"sk-admin-CANARY"')
    monkeypatch.setenv("OPENAI_ADMIN_KEY_FILE", "secret")
    assert "CANARY" not in all_that_it_says(refusal())


def test_an_argument_wins_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERESPENT_PORT", "2")
    assert read_settings(port=3).port == 3


# Exposure


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.0.1"])
def test_a_loopback_host_needs_no_password(host: str) -> None:
    read_settings(host=host).check_exposure()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com"])
def test_any_other_host_needs_one(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="WHERESPENT_PASSWORD"):
        read_settings(host=host).check_exposure()
    monkeypatch.setenv("WHERESPENT_PASSWORD", "open sesame")
    read_settings(host=host).check_exposure()


def test_every_setting_is_in_the_example_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text()
    lines = {
        line.lstrip("# ").split("=", 1)[0]: line.split("=", 1)[1].strip()
        for line in example.splitlines()
        if "=" in line and line.lstrip("# ").split("=", 1)[0].isupper()
    }
    for name, field in Settings.model_fields.items():
        assert variable(name) in lines, variable(name)
        if isinstance(field.default, bool):
            assert lines[variable(name)] == str(field.default).lower()
        elif isinstance(field.default, int | str):
            assert lines[variable(name)] == str(field.default)


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("WHERESPENT_LIVE", "sometimes", "watched"),
        ("WHERESPENT_LIVE_INTERVAL", "soon", "with s, m or h"),
        ("WHERESPENT_RETENTION_DAYS", "34", "35 or more"),
        ("WHERESPENT_RETENTION_DAYS", "-1", "35 or more"),
        ("WHERESPENT_STORE_EMAILS", "perhaps", "no e-mail address"),
    ],
)
def test_a_wrong_value_of_housekeeping_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, accepted: str
) -> None:
    monkeypatch.setenv(name, value)
    message = str(refusal())
    assert f"{name}={value}" in message
    assert accepted in message


@pytest.mark.parametrize("days", ["0", "35", "400"])
def test_hours_are_kept_for_ever_or_for_35_days_at_least(
    monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    monkeypatch.setenv("WHERESPENT_RETENTION_DAYS", days)
    assert read_settings().retention_days == int(days)
