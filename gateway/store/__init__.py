"""Postgres: the tables, and every statement that writes them."""
