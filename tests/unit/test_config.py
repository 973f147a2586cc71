"""What a setting may be, and what it is when nothing was said."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.config import PREFIX, Settings, is_secret, portal_key, unknown_variables, variable

From = Callable[[Mapping[str, str]], Settings]


@pytest.fixture
def settings_from(monkeypatch: pytest.MonkeyPatch) -> From:
    """Return what makes the settings of a process with the given variables and no other of ours."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)

    def settings(environ: Mapping[str, str]) -> Settings:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return Settings()

    return settings


def test_nothing_needs_to_be_set(settings_from: From) -> None:
    settings = settings_from({})
    assert settings.database_url is None
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.portals == {}
    assert settings.model_fields_set == set()


def test_a_portals_settings_are_laid_under_its_key(settings_from: From) -> None:
    settings = settings_from(
        {
            "GATEWAY_PORTALS__DATA_GOV__API_KEY": "1e5",
            "GATEWAY_PORTALS__DATA_GOV__BASE_URL": "http://127.0.0.1:9/api",
            "GATEWAY_PORTALS__MY_CITY__ADAPTER": "data-gouv-fr",
        }
    )
    assert settings.portals == {
        "data-gov": {"api_key": "1e5", "base_url": "http://127.0.0.1:9/api"},
        "my-city": {"adapter": "data-gouv-fr"},
    }


def test_portals_given_as_json_and_singly_are_one(settings_from: From) -> None:
    settings = settings_from(
        {
            "GATEWAY_PORTALS": '{"data-gov": {"timeout_seconds": 3}}',
            "GATEWAY_PORTALS__DATA_GOV__API_KEY": "secret",
        }
    )
    assert settings.portals == {"data-gov": {"timeout_seconds": 3, "api_key": "secret"}}


def test_the_drivers_name_is_left_out_of_the_databases_address(settings_from: From) -> None:
    settings = settings_from({"GATEWAY_DATABASE_URL": "postgresql+asyncpg://ada:x@db/harvests"})
    assert settings.database_url == "postgresql://ada:x@db/harvests"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("GATEWAY_DATABASE_URL", "mysql://db/x", "postgresql://user:password@host"),
        ("GATEWAY_PORT", "70000", "65535"),
        ("GATEWAY_LOG_FORMAT", "yaml", "'text' or 'json'"),
        ("GATEWAY_POLL_SECONDS", "0", "greater than 0"),
        ("GATEWAY_RECONCILE_SECONDS", "1", "must not be shorter"),
    ],
)
def test_a_wrong_value_is_refused_in_words_and_not_repeated(
    settings_from: From, name: str, value: str, says: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        settings_from({name: value})
    assert says in str(refused.value)
    assert "mysql" not in str(refused.value)


def test_words_are_understood_in_capitals(settings_from: From) -> None:
    assert settings_from({"GATEWAY_LOG_LEVEL": "WARNING"}).log_level == "warning"


def test_networks_of_proxies_stand_in_a_row(settings_from: From) -> None:
    networks = settings_from(
        {"GATEWAY_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7 2001:db8::/32"}
    ).trusted_proxies
    assert networks == ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")
    with pytest.raises(ValidationError, match=r"'proxy\.example\.org' is no network"):
        settings_from({"GATEWAY_TRUSTED_PROXIES": "10.0.0.0/8,proxy.example.org"})


def test_limits_are_set_singly(settings_from: From) -> None:
    chosen = settings_from({"GATEWAY_LIMITS__DEPTH": "20", "GATEWAY_LIMITS__ANSWER_BYTES": "5"})
    assert chosen.limits == {"depth": 20, "answer_bytes": 5}
    with pytest.raises(ValidationError):
        settings_from({"GATEWAY_LIMITS__DEPTH": "-1"})


def test_the_profile_is_one_of_two(settings_from: From) -> None:
    assert settings_from({}).profile == "public"
    assert settings_from({"GATEWAY_PROFILE": "Locked"}).profile == "locked"
    with pytest.raises(ValidationError):
        settings_from({"GATEWAY_PROFILE": "secret"})


def test_an_empty_variable_is_no_setting(settings_from: From) -> None:
    assert settings_from({"GATEWAY_DATABASE_URL": ""}).database_url is None


def test_the_data_folder_is_absolute(settings_from: From) -> None:
    assert settings_from({"GATEWAY_DATA_DIR": "here"}).data_dir == Path.cwd() / "here"


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_keys_of_portals_are_written_in_one_way() -> None:
    assert portal_key("DATA_GOV") == portal_key("data-gov") == portal_key(" data_gov ") == "data-gov"


def test_misspelt_variables_are_found() -> None:
    environ = {
        "GATEWAY_PROT": "1",
        "GATEWAY_PORT": "1",
        "GATEWAY_PORTALS__DATA_GOV__API_KEY": "1",
        "GATEWAY_TEST_DATABASE_URL": "1",
        "PATH": "1",
    }
    assert unknown_variables(environ) == ["GATEWAY_PROT"]


@pytest.mark.parametrize("name", ["database_url", "api_key", "API_KEY", "webhook_secret"])
def test_secrets_are_known_by_their_names(name: str) -> None:
    assert is_secret(name)


def test_variables_are_named_after_fields() -> None:
    assert variable("poll_seconds") == "GATEWAY_POLL_SECONDS"
