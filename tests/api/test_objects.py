from __future__ import annotations

import json

from api.world import FR, Ask, World, gid

from harvest_graphql.engine import Engine


async def test_a_source_with_everything_around_it(data: Ask) -> None:
    found = await data(
        """{ harvestSource(portal: "data-gouv-fr", slug: "geo") {
          __typename id name url portal { key } schedule { raw everySeconds words }
          validation { state nativeState by { firstName lastName } on comment }
          config { filters { key value label declared } features raw extraConfigs { key value label declared }
            featureSettings { key label enabled default declared set } }
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
            "filters": [
                {"key": "tag", "value": "a", "label": None, "declared": False},
                {"key": "org", "value": {"id": 1}, "label": "Organization", "declared": True},
            ],
            "features": {"geo": False, "odd": None},
            "raw": {
                "filters": [{"key": "tag", "value": "a"}, {"key": "org", "value": {"id": 1}}],
                "features": {"geo": False, "odd": None},
                "extra_configs": [{"key": "remote", "value": None}],
                "other": 1,
            },
            "extraConfigs": [{"key": "remote", "value": None, "label": "Remote", "declared": True}],
            "featureSettings": [
                {
                    "key": "geo",
                    "label": "Geo",
                    "enabled": False,
                    "default": True,
                    "declared": True,
                    "set": True,
                },
                {
                    "key": "deep",
                    "label": "Deep",
                    "enabled": False,
                    "default": False,
                    "declared": True,
                    "set": False,
                },
                {
                    "key": "odd",
                    "label": None,
                    "enabled": None,
                    "default": None,
                    "declared": False,
                    "set": True,
                },
            ],
        },
        "backend": {
            "label": "DCAT",
            "filters": [{"key": "org", "label": "Organization", "type": "str", "description": None}],
            "features": [
                {"key": "geo", "default": True, "description": None},
                {"key": "deep", "default": False, "description": None},
            ],
            "extraConfigs": [{"key": "remote", "default": 3}],
        },
        "organization": {"name": "IGN", "badges": ["certified"], "sourceCount": 1},
        "owner": {"lastName": 'Du"rand'},
        "lastJob": {"nativeId": "geo-1", "status": "RUNNING"},
    }


async def test_a_configuration_that_no_backend_explains(own_engine: Engine, own_world: World) -> None:
    odd = {
        "filters": ["x", {"key": 5}],
        "features": [1],
        "extraConfigs": [{"key": "spelt otherwise", "value": 1}],
    }
    await own_world.connection.execute(
        "UPDATE harvest_source SET config = $1 WHERE native_id = 'air'", json.dumps(odd)
    )
    answer = await own_engine.execute(
        """{ air: harvestSource(portal: "data-gov", slug: "air") { config { features
               filters { key value label declared } extraConfigs { key declared } featureSettings { key } } }
             water: harvestSource(portal: "data-gov", slug: "water") { config { features } } }"""
    )
    unknown = {"value": None, "label": None, "declared": False}
    assert json.loads(answer)["data"] == {
        "air": {
            "config": {
                "features": [1],
                "filters": [{"key": None, **unknown}, {"key": "5", **unknown}],
                "extraConfigs": [{"key": "spelt otherwise", "declared": False}],
                "featureSettings": [],
            }
        },
        "water": {"config": None},
    }


async def test_the_words_of_a_portals_runs(data: Ask) -> None:
    found = await data("{ portals { key capabilities jobStatuses { told words { word status } } } }")
    french, american = found["portals"]
    assert french["capabilities"] == {"wire": "V10", "jobStatuses": ["done", "dreaming"]}
    assert french["jobStatuses"] == {
        "told": True,
        "words": [{"word": "done", "status": "SUCCEEDED"}, {"word": "dreaming", "status": "UNKNOWN"}],
    }
    assert american["jobStatuses"] == {
        "told": False,
        "words": [{"word": "new", "status": "PENDING"}, {"word": "done", "status": "SUCCEEDED"}],
    }


async def test_a_portal_whose_words_nobody_knows(own_engine: Engine, own_world: World) -> None:
    await own_world.connection.execute(
        "UPDATE portal SET job_statuses = NULL, capabilities = CASE number WHEN 1"
        """ THEN '{"jobStatuses": ["a", null]}'::jsonb ELSE '[]' END"""
    )
    answer = await own_engine.execute("{ portals { jobStatuses { told words { word status } } } }")
    assert [portal["jobStatuses"] for portal in json.loads(answer)["data"]["portals"]] == [
        {"told": True, "words": [{"word": "a", "status": "UNKNOWN"}]},
        {"told": False, "words": []},
    ]
