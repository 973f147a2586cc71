"""What can be set for a Data.gov portal, and where it is asked by default."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr, model_validator

from gateway.ports import PortalSettings

GATEWAY_URL = "https://api.gsa.gov/technology/datagov_harvest/v2"
"""The documented address: it wants a key."""
ORIGIN_URL = "https://harvest.data.gov/api/v1"
"""The harvester itself: it answers reads without a key."""
KEY_URL = "https://api.data.gov/signup/"


class DataGovSettings(PortalSettings):
    """The settings of a Data.gov portal."""

    adapter: str = Field(default="data-gov", description="Name of the adapter that reads this portal.")
    title: str = Field(default="Data.gov", description="The portal's name as people say it.")
    base_url: str = Field(
        default=ORIGIN_URL,
        description=(
            "Address below which the adapter asks, without a trailing slash. "
            f"Where it is not set: {GATEWAY_URL} with a key, {ORIGIN_URL} without one."
        ),
    )
    site_url: str = Field(
        default="https://harvest.data.gov", description="Address of the portal's pages for people."
    )
    key_url: str = Field(default=KEY_URL, description="Where to get a key; messages name it.")

    @model_validator(mode="before")
    @classmethod
    def _addressed(cls, given: Any) -> Any:
        """Take an empty key for none, and choose the address by the key where none is given."""
        if not isinstance(given, dict):
            return given
        chosen = {key: value for key, value in given.items() if not (key == "api_key" and not _secret(value))}
        if not chosen.get("base_url"):
            chosen["base_url"] = GATEWAY_URL if "api_key" in chosen else ORIGIN_URL
        if isinstance(chosen["base_url"], str):
            chosen["base_url"] = chosen["base_url"].rstrip("/")
        return chosen


def _secret(value: Any) -> Any:
    """Return what a secret hides."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value
