"""Where Data.gov is asked, and what users are told about it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from adapters.data_gov import ADAPTER, DataGovSettings

ORIGIN = "https://harvest.data.gov/api/v1"
DOCUMENTED = "https://api.gsa.gov/technology/datagov_harvest/v2"


def test_without_a_key_the_harvester_itself_is_asked() -> None:
    settings = DataGovSettings()
    assert settings.base_url == ORIGIN
    assert settings.site_url == "https://harvest.data.gov"
    assert settings.title == ADAPTER.title == "Data.gov"
    assert settings.adapter == ADAPTER.name == "data-gov"
    assert settings.key_url == ADAPTER.key_url == "https://api.data.gov/signup/"


def test_with_a_key_the_documented_address_is_asked() -> None:
    settings = DataGovSettings.model_validate({"api_key": "k" * 40})
    assert settings.base_url == DOCUMENTED
    assert "kkk" not in repr(settings)


@pytest.mark.parametrize("key", ["", None])
def test_an_empty_key_is_none(key: str | None) -> None:
    settings = DataGovSettings.model_validate({"api_key": key})
    assert settings.api_key is None
    assert settings.base_url == ORIGIN


@pytest.mark.parametrize("key", [None, "k" * 40])
def test_an_address_that_is_given_wins(key: str | None) -> None:
    settings = DataGovSettings.model_validate({"api_key": key, "base_url": "http://127.0.0.1:1/api/v1/"})
    assert settings.base_url == "http://127.0.0.1:1/api/v1"


def test_settings_survive_being_written_down() -> None:
    settings = DataGovSettings.model_validate({"api_key": "k" * 40})
    assert DataGovSettings.model_validate(settings.model_dump()) == settings
    assert DataGovSettings.model_validate(settings) == settings


def test_settings_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValidationError):
        DataGovSettings.model_validate({"base_uri": "x"})
    with pytest.raises(ValidationError):
        DataGovSettings.model_validate("x")


def test_every_setting_is_described() -> None:
    assert all(field.description for field in DataGovSettings.model_fields.values())


def test_users_are_warned() -> None:
    text = " ".join(ADAPTER.caveats)
    for words in ("not an inventory", "sorts its keys", "order of a DCAT record's arrays", "Without a key"):
        assert words in text
