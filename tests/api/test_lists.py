from __future__ import annotations

from typing import Any

import pytest
from api.world import FR, Ask, gid


async def names(
    data: Ask, arguments: str, field: str = "harvestSources", key: str = "nativeId", **variables: Any
) -> Any:
    found = await data(f"{{ {field}{arguments} {{ nodes {{ {key} }} }} }}", **variables)
    return [node[key] for node in found[field]["nodes"]]


async def test_lists_hold_what_is_present_the_newest_first(data: Ask) -> None:
    assert await names(data, "") == ["water", "air", "geo"]


async def test_jobs_planned_for_later_are_left_out_unless_asked_for(data: Ask) -> None:
    assert "air-next" not in await names(data, "(first: 100)", "harvestJobs")
    assert await names(data, "(filter: {status: [SCHEDULED]})", "harvestJobs") == ["air-next"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ('portal: ["data-gov"]', ["water", "air"]),
        ('portal: ["data-gov", "data-gouv-fr"]', ["water", "air", "geo"]),
        ("presence: [GONE]", ["old"]),
        ("presence: [GONE, UNKNOWN, PRESENT]", ["water", "air", "geo", "stub", "old"]),
        ("presence: []", []),
        ("presence: null", ["water", "air", "geo"]),
        ("active: true", ["geo"]),
        ("active: false", []),
        ("hasLastJob: false", ["water"]),
        ("hasLastJob: true", ["air", "geo"]),
        ("lastJobStatus: [FAILED, LOST]", ["air"]),
        ('lastJobCreatedAt: {since: "2026-11-20T10:00:00Z"}', ["geo"]),
        ('slug: ["air", "geo"]', ["air", "geo"]),
        ('nativeId: ["air"]', ["air"]),
        ('nameContains: "100%"', ["geo"]),
        ('nameContains: "0\\\\%"', []),
        ('nameContains: "GÉO"', ["geo"]),
        ('nameContains: "_"', []),
        ("validationState: [ACCEPTED]", ["geo"]),
        ("metadataProfile: [FEDERAL]", ["air"]),
        ('createdAt: {since: "2026-10-09T20:00:00Z", until: "2026-10-18T04:00:00+00:00"}', ["air"]),
        ('createdAt: {since: "2026-10-15"}', ["water"]),
        ("createdAt: {}", ["water", "air", "geo"]),
        ("protocol: [DCAT], standardFamily: [DCAT], metadataStandard: [DCAT]", ["water", "air", "geo"]),
        ("protocol: [WAF]", []),
        ("active: null, hasLastJob: null, portal: null, organization: null", ["water", "air", "geo"]),
        (f'organization: ["{gid("Organization", "epa")}"]', ["water", "air"]),
        (
            f'organization: ["{gid("Organization", "epa")}", "{gid("Organization", "ign", FR)}"]',
            ["water", "air", "geo"],
        ),
        (f'organization: ["{gid("Organization", "nobody")}"]', []),
        ("organization: []", []),
        (f'owner: ["{gid("Person", "zoe", FR)}"]', ["geo"]),
        (f'backend: ["{gid("HarvestBackend", "dcat", FR)}"]', ["geo"]),
    ],
)
async def test_filters_of_sources(data: Ask, filters: str, expected: list[str]) -> None:
    assert await names(data, f"(filter: {{{filters}}})") == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (f'source: ["{gid("HarvestSource", "geo", FR)}"]', ["geo-1", "geo-0"]),
        (f'organization: ["{gid("Organization", "ign", FR)}"]', ["geo-1", "geo-0"]),
        ("status: [FAILED]", ["air-00"]),
        ('status: [FAILED, RUNNING], nativeId: ["geo-1"]', ["geo-1"]),
        ("kind: [CLEAR]", []),
        ('endedAt: {since: "2026-11-20T00:00:00Z"}', ["air-00"]),
    ],
)
async def test_filters_of_jobs(data: Ask, filters: str, expected: list[str]) -> None:
    assert await names(data, f"(filter: {{{filters}}})", "harvestJobs") == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("hasRecord: false", ["geo-1/e0", "e-job"]),
        (f'record: ["{gid("HarvestRecord", "r1")}"]', ["e1-1", "e1-0"]),
        (f'organization: ["{gid("Organization", "epa")}"], severity: [WARNING]', ["e4-1", "e3-1", "e1-1"]),
        (f'organization: ["{gid("Organization", "ign", FR)}"]', ["geo-1/0/e1", "geo-1/0/e0", "geo-1/e0"]),
        (f'source: ["{gid("HarvestSource", "air")}"], nativeType: ["DownloadError"]', ["e-job"]),
        ('messageContains: "wrong_0"', ["e4-0", "e3-0", "e1-0"]),
        (f'job: ["{gid("HarvestJob", "air-00")}"], messageContains: "REACH"', ["e-job"]),
    ],
)
async def test_filters_of_errors(data: Ask, filters: str, expected: list[str]) -> None:
    assert await names(data, f"(filter: {{{filters}}})", "harvestErrors") == expected


async def test_filters_of_the_other_lists(data: Ask) -> None:
    air = gid("HarvestSource", "air")
    assert await names(data, f'(filter: {{source: ["{air}"], status: [FAILED]}})', "harvestRecords") == [
        "r4",
        "r3",
        "r1",
    ]
    epa = gid("Organization", "epa")
    assert await names(
        data, f'(filter: {{organization: ["{epa}"], remoteId: ["remote 2"]}})', "harvestRecords"
    ) == ["r2"]
    assert await names(data, "(filter: {presence: [GONE, DELETED]})", "datasets") == ["gone-set", "lost-set"]
    assert await names(data, '(filter: {state: [LIVE], titleContains: "NO2"})', "datasets") == ["no2"]
    assert await names(data, "(filter: {kind: [CITY_GOVERNMENT]})", "organizations") == ["city"]
    assert await names(data, '(filter: {labelContains: "dc"})', "harvestBackends") == ["dcat"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("field: NAME, direction: ASC", ["air", "geo", "water"]),
        ("field: NAME", ["water", "geo", "air"]),
        ("field: CREATED_AT, direction: ASC", ["geo", "air", "water"]),
        ("direction: ASC", ["geo", "air", "water"]),
        ("", ["water", "air", "geo"]),
    ],
)
async def test_orders(data: Ask, order: str, expected: list[str]) -> None:
    assert await names(data, f"(orderBy: {{{order}}})") == expected


async def test_organizations_are_in_the_order_of_their_names(data: Ask) -> None:
    assert await names(data, "", "organizations") == ["city", "epa", "ign"]


async def test_what_has_no_key_comes_last_either_way(data: Ask) -> None:
    assert (await names(data, "(first: 100)", "harvestJobs"))[-1] == "geo-0"
    assert (await names(data, "(first: 100, orderBy: {direction: ASC})", "harvestJobs"))[-1] == "geo-0"


async def test_relations_in_both_directions(data: Ask) -> None:
    found = await data(
        f"""{{ node(id: "{gid("Organization", "epa")}") {{ ... on Organization {{
          sources(orderBy: {{field: NAME, direction: ASC}}) {{ totalCount nodes {{
            name organization {{ name }}
            jobs(first: 2) {{ totalCount nodes {{
              nativeId source {{ name }} durationSeconds counts {{ total added failed archived }}
              records(first: 1, filter: {{status: [FAILED]}}) {{ totalCount nodes {{
                nativeId job {{ nativeId }} source {{ nativeId }}
                errors {{ nodes {{ nativeId record {{ nativeId }} job {{ nativeId }} }} }}
                dataset {{ nativeId latestRecord {{ nativeId }}
                  records(first: 1) {{ totalCount }} }} }} }}
              errors(first: 1) {{ totalCount nodes {{ message severity }} }}
            }} }}
          }} }}
        }} }} }}"""
    )
    sources = found["node"]["sources"]
    assert sources["totalCount"] == 2
    air, water = sources["nodes"]
    assert water["jobs"] == {"totalCount": 0, "nodes": []}
    assert air["jobs"]["totalCount"] == 14
    job = air["jobs"]["nodes"][0]
    assert job == {
        "nativeId": "air-00",
        "source": {"name": "Air quality"},
        "durationSeconds": 90.5,
        "counts": {"total": 100, "added": 0, "failed": 0, "archived": None},
        "records": {
            "totalCount": 3,
            "nodes": [
                {
                    "nativeId": "r4",
                    "job": {"nativeId": "air-00"},
                    "source": {"nativeId": "air"},
                    "errors": {
                        "nodes": [
                            {"nativeId": "e4-1", "record": {"nativeId": "r4"}, "job": {"nativeId": "air-00"}},
                            {"nativeId": "e4-0", "record": {"nativeId": "r4"}, "job": {"nativeId": "air-00"}},
                        ]
                    },
                    "dataset": {
                        "nativeId": "no2",
                        "latestRecord": {"nativeId": "r0"},
                        "records": {"totalCount": 5},
                    },
                }
            ],
        },
        "errors": {"totalCount": 7, "nodes": [{"message": "Record 4 is 50% wrong_1", "severity": "WARNING"}]},
    }
    assert air["jobs"]["nodes"][1]["counts"]["added"] == 1


async def test_persons_backends_and_datasets_know_what_belongs_to_them(data: Ask) -> None:
    found = await data(
        """query ($person: ID!, $set: ID!) {
          person: node(id: $person) { ... on Person { sources { nodes { nativeId } } } }
          harvestBackend(portal: "data-gouv-fr", nativeId: "dcat") { sources { nodes { nativeId } } }
          set: node(id: $set) { ... on Dataset { parent { nativeId } stateJob { nativeId }
            source { datasets { totalCount } } } }
        }""",
        person=gid("Person", "zoe", FR),
        set=gid("Dataset", "gone-set"),
    )
    assert found["person"]["sources"]["nodes"] == [{"nativeId": "geo"}]
    assert found["harvestBackend"]["sources"]["nodes"] == [{"nativeId": "geo"}]
    assert found["set"] == {
        "parent": {"nativeId": "no2"},
        "stateJob": {"nativeId": "air-00"},
        "source": {"datasets": {"totalCount": 1}},
    }
