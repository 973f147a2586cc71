"""The page that a browser shows at the bare endpoint: what this is, and what can be asked."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from gateway.resources import operations

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Harvest gateway</title>
<style>
  body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
  pre {{ overflow: auto; padding: .75rem; border: 1px solid }}
  strong.sandbox {{ display: block; padding: .5rem .75rem; border: 2px solid }}
</style>
<h1>Harvest gateway</h1>
{banner}
<p>This is a GraphQL endpoint: the harvests of open-data portals, in one schema. Send a POST with
<code>{{"query": "…", "variables": {{}}}}</code> as <code>application/json</code>, or a GET with
<code>?query=…</code>. The schema describes itself: any GraphQL client shows it.</p>
<h2>Questions to begin with</h2>
{examples}
</html>
"""
_SANDBOX = '<strong class="sandbox">SANDBOX: portals that do not exist, with invented data.</strong>'


def landing(*, sandbox: bool) -> str:
    """Return the page; *sandbox*: whether any portal is one."""
    examples = "\n".join(_example(name, text) for name, text in operations().items())
    return _PAGE.format(banner=_SANDBOX if sandbox else "", examples=examples)


def _example(name: str, text: str) -> str:
    """Return an operation, with a link that runs it where it needs no variables."""
    link = "" if "!" in text.partition("{")[0] else f' <a href="?query={quote(text)}">run</a>'
    return f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre>{link}</details>"
