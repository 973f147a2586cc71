"""What a client accepts: the media type of its answer, the coding of its bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from harvest_graphql.serving.refusals import JSON, Unusable

GRAPHQL = "application/graphql-response+json"
HTML = "text/html"


def media_type(accept: str) -> str:
    """Return the media type of the answer; Unusable (406) where none is accepted."""
    if not accept:
        return JSON
    accepted = list(taken(accept))
    if GRAPHQL in accepted and (JSON not in accepted or accepted.index(GRAPHQL) < accepted.index(JSON)):
        return GRAPHQL
    if any(each in {JSON, "*/*", "application/*"} for each in accepted):
        return JSON
    raise Unusable(406, f"The answer is {GRAPHQL} or {JSON}: accept one of them.")


def coding(accept_encoding: str, known: Collection[str]) -> str | None:
    """Return the first of *known* codings that the client takes, None where its answer stays as it is."""
    accepted = set(taken(accept_encoding))
    refused = {part.partition(";")[0].strip().lower() for part in accept_encoding.split(",")} - accepted
    return next(
        (each for each in known if each in accepted or ("*" in accepted and each not in refused)), None
    )


def taken(header: str) -> Iterator[str]:
    """Yield what a header such as Accept lists, in lower case, but for what it refuses (q=0)."""
    for part in header.split(","):
        name, *parameters = part.split(";")
        if name.strip() and not any(_refuses(each) for each in parameters):
            yield name.strip().lower()


def _refuses(parameter: str) -> bool:
    name, _, value = parameter.strip().lower().partition("=")
    return name.strip() == "q" and value.strip() in {"0", "0.", "0.0", "0.00", "0.000"}
