"""Portals side by side: what can be counted, and how far the numbers may be held against each other."""
