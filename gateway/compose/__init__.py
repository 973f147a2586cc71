"""Opens and closes everything: the only room that knows all the others."""

from gateway.compose.gateway import Gateway
from gateway.compose.opening import opened, prepared

__all__ = ["Gateway", "opened", "prepared"]
