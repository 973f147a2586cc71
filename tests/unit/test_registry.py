from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from gateway import registry
from gateway.config import Settings
from gateway.errors import ConfigurationError


def test_the_installed_adapters_and_their_sandboxes_are_found() -> None:
    assert set(registry.adapters()) == set(registry.sandboxes()) == {"data-gouv-fr", "data-gov"}


def test_an_adapter_that_cannot_be_imported_is_named() -> None:
    entry = EntryPoint("broken", "adapters.no_such_portal:ADAPTER", registry.ADAPTERS)
    with pytest.raises(ConfigurationError, match="'broken'"):
        registry._loaded(entry)


def test_another_udata_site_is_settings_alone() -> None:
    settings = Settings(
        portals={"my-site": {"adapter": "data-gouv-fr", "base_url": "https://data.example.org/api/1"}},
        contact="ops@example.org",
        backfill_days=7,
    )
    portal = registry.portals(settings)["my-site"]
    assert portal.settings.base_url == "https://data.example.org/api/1"
    assert (portal.settings.contact, portal.settings.backfill_days) == ("ops@example.org", 7)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"adapter": "ckan"}, "GATEWAY_PORTALS__MY_SITE__ADAPTER"),
        ({"adapter": "data-gov", "bse_url": "x"}, "bse_url"),
    ],
)
def test_a_wrong_portal_says_which_setting_to_mend(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        registry.portals(Settings(portals={"my-site": values}))
    assert words in str(caught.value)


def test_a_portal_that_is_disabled_is_left_out() -> None:
    assert list(registry.portals(Settings(portals={"data-gov": {"enabled": False}}))) == ["data-gouv-fr"]
