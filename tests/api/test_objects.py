from __future__ import annotations

from api.world import FR, Ask, gid


async def test_a_source_with_everything_around_it(data: Ask) -> None:
    found = await data(
        """{ harvestSource(portal: "data-gouv-fr", slug: "geo") {
          __typename id name url portal { key } schedule { raw everySeconds words }
          validation { state nativeState by { firstName lastName } on comment }
          config { filters { key value } features extraConfigs { key } raw }
          backend { label filters { key label type description } features { key default description }
            extraConfigs { key default } }
          organization { name badges sourceCount } owner { lastName } lastJob { nativeId status }
        } }"""
    )
    source = found["harvestSource"]
    assert source == {
        "__typename": "HarvestSource",
        "id": gid("HarvestSource", "geo", FR),
        "name": "Géo 100%",
        "url": "https://geo.example:bad/x",
        "portal": {"key": "data-gouv-fr"},
        "schedule": {"raw": "0 0 * * *", "everySeconds": 86400, "words": "At 00:00"},
        "validation": {
            "state": "ACCEPTED",
            "nativeState": "accepted",
            "by": {"firstName": "Zoé", "lastName": 'Du"rand'},
            "on": "2026-10-14T00:00:00.000000Z",
            "comment": None,
        },
        "config": {
            "filters": [{"key": "tag", "value": "a"}],
            "features": {"geo": False},
            "extraConfigs": [],
            "raw": {"filters": [{"key": "tag", "value": "a"}], "features": {"geo": False}, "other": 1},
        },
        "backend": {
            "label": "DCAT",
            "filters": [{"key": "org", "label": "Organization", "type": "str", "description": None}],
            "features": [{"key": "geo", "default": True, "description": None}],
            "extraConfigs": [{"key": "remote", "default": 3}],
        },
        "organization": {"name": "IGN", "badges": ["certified"], "sourceCount": 1},
        "owner": {"lastName": 'Du"rand'},
        "lastJob": {"nativeId": "geo-1", "status": "RUNNING"},
    }
