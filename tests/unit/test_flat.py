"""What a row says of an entity, and which entities have none."""

from dataclasses import replace

import pytest

from gateway.model.entities import HarvestRecord, Organization
from gateway.model.enums import EntityType
from gateway.store.shape import ADDRESS, Shape, Unstorable, shape

NOWHERE = (None,) * len(ADDRESS)
RECORD = shape(EntityType.HARVEST_RECORD)


def told(shape_: Shape, row: list[object]) -> dict[str, object]:
    """Return what is there, by column."""
    return {
        name: value for name, value in zip(shape_.staged, row, strict=True) if value not in (None, "", [], ())
    }


def test_values_are_in_the_form_that_postgres_takes() -> None:
    entity = HarvestRecord(native_id="j/0", job="j", args=("a",), kwargs={"b": 1}, position=3)
    row = told(RECORD, RECORD.row(entity, (b"hash", *NOWHERE[1:])))
    assert (row["args"], row["kwargs"], row["logs"]) == (["a"], '{"b":1}', "[]")
    assert (row["position"], row["job"], row["document_hash"]) == (3, "j", b"hash")


def test_a_fingerprint_is_of_what_is_there() -> None:
    entity = HarvestRecord(native_id="j/0", job="j")
    prints = [
        told(RECORD, RECORD.row(each, NOWHERE))["row_hash"]
        for each in (entity, replace(entity, remote_id=None), replace(entity, remote_id="r"))
    ]
    assert prints[0] == prints[1] != prints[2]
    assert prints[0] == bytes.fromhex("8d0e32a37516841cdc2103e42552c2e7"), (
        "rows that are stored keep their fingerprints"
    )


@pytest.mark.parametrize(
    ("entity", "why"),
    [
        (HarvestRecord(native_id="j/0", position=2**31), "32-bit"),
        (HarvestRecord(native_id="j/0", remote_id="\ud800"), "not storable"),
        (HarvestRecord(native_id="j/\0"), "NUL"),
        (Organization(native_id="o" * 2001), "native_id is longer"),
    ],
    ids=["number", "surrogate", "nul", "long"],
)
def test_what_postgres_would_refuse_has_no_row(entity: HarvestRecord | Organization, why: str) -> None:
    with pytest.raises(Unstorable, match=why):
        shape(entity.type).row(entity, NOWHERE)


def test_a_nul_is_replaced_where_it_is_no_id() -> None:
    entity = HarvestRecord(native_id="j/0", remote_id="a\0b", kwargs={"c": "\0"})
    row = told(RECORD, RECORD.row(entity, NOWHERE))
    assert (row["remote_id"], row["kwargs"]) == (
        "a\N{REPLACEMENT CHARACTER}b",
        '{"c":"\N{REPLACEMENT CHARACTER}"}',
    )
