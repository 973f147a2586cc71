"""The core of the harvest gateway: model, fetch, store, sync and what stands on them."""
