"""Bringing the store up to date with the portals: passes, progress, schedules, the worker."""
