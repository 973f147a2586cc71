"""The core of the harvest gateway: model, fetch, store, sync and what stands on them."""

__version__ = "0.1.0"
