"""data.gouv.fr's table: the captures in the order in which they are asked, each with ids that fit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from acceptance.wire.case import Asked, Case
from acceptance.wire.shape import Latitude
from acceptance.wire.survey import GouvWorld, NothingFitsError, Row

from adapters.data_gouv_fr.sandbox import ADMIN_KEY, GUEST_KEY, USER_KEY

ADMIN, EDITOR, STRANGER = ADMIN_KEY, USER_KEY, GUEST_KEY
"""Keys of a sysadmin, of an administrator of one organization, of somebody else."""

LATITUDE = Latitude(
    nullable={
        "acronym": "string",
        "dataservice": "object",
        "dataset": "object",
        "dataset.acronym": "string",
        "deleted": "string",
        "description": "string",
        "ended": "string",
        "errors[].details": "string",
        "errors[].message": "string",
        "features[].description": "string",
        "items[].dataservice": "object",
        "items[].dataset": "object",
        "items[].dataset.acronym": "string",
        "items[].dataset.organization": "object",
        "items[].dataset.organization.acronym": "string",
        "items[].dataset.organization.logo": "string",
        "items[].dataset.organization.logo_thumbnail": "string",
        "items[].dataset.owner": "object",
        "items[].dataset.owner.avatar": "string",
        "items[].dataset.owner.avatar_thumbnail": "string",
        "items[].ended": "string",
        "items[].remote_id": "string",
        "items[].remote_url": "string",
        "items[].started": "string",
        "last_job": "object",
        "last_job.ended": "string",
        "last_job.started": "string",
        "next_page": "string",
        "organization": "object",
        "organization.acronym": "string",
        "organization.logo": "string",
        "organization.logo_thumbnail": "string",
        "owner": "object",
        "owner.avatar": "string",
        "owner.avatar_thumbnail": "string",
        "previous_page": "string",
        "remote_id": "string",
        "remote_url": "string",
        "schedule": "string",
        "started": "string",
        "validation.by": "object",
        "validation.by.avatar": "string",
        "validation.by.avatar_thumbnail": "string",
        "validation.comment": "string",
        "validation.on": "string",
    },
    free=frozenset({"config", "kwargs", "items[].kwargs"}),
    empty=frozenset(
        {"items.by_status", "items.by_type", "last_job.items.by_status", "last_job.items.by_type"}
    ),
)
"""What the facts call nullable, with the type otherwise; where keys are free; counters that may be absent."""

BIG_JOB, BIG_SOURCE = "6aff9b5e7564617461000212", "6a7bd5f87564617461000033"
BIG_SLUG = "bouchet-moissonnage-ckan-ndeg50"
FAILED_JOB, FAILED_SOURCE = "6aff712b7564617461000230", "6aa362447564617461000036"
UNCOUNTED_JOB = "6b022fc3700654673e5b022a"
RUN_SLUG = "guichard-sur-leveque-moissonnage-dcat-ndeg7"
RUN_SOURCE, RUN_JOB = "6844fcb07564617461000008", "6b022e6122a0508ae90a75bb"
OLD_SOURCE, OLD_SLUG = "6ae55758756461746100000b", "muller-moissonnage-dkan-ndeg10"
OLD_JOB, OLD_ITEMS_JOB, OLD_FAILED_JOB = (
    "6afc88067564617461000041",
    "6aff2b067564617461000043",
    "6afdd9867564617461000042",
)
OLD_ORGANIZATION = "6b022eec6490566ac558c779"
MADE, MADE_SLUG, RENAMED_SLUG = "6b022db9451c358f545241f4", "moissonneur-geonetwork-4", "moissonneur-renomme"
SHORT_LIVED = "6b022ff0451c358f545241f9"
ORGANIZATION = "6b022ca5514264b8ffe3e59b"
SOME_SOURCE = "6af27adc756461746100003c"

Ids = Mapping[str, str]
World = Asked[GouvWorld]


def _counts(job: Row, *words: str) -> bool:
    """Return whether a job's counters show at least one item of each of *words*."""
    by_status = job["items"]["by_status"]
    return all(by_status.get(word) for word in words)


def _big(asked: World) -> Ids:
    """A job with items done, failed, skipped and archived, of a source with at least five jobs."""
    world = asked.world
    wanted = ("done", "failed", "skipped", "archived")

    def fits(job: Row) -> bool:
        jobs = world.jobs[job["source"]["id"]]
        return _counts(job, *wanted) and job["items"]["by_type"]["dataservice"] and len(jobs) >= 5

    job = world.job(f"job with items {', '.join(wanted)} and data services in a source with 5 jobs", fits)
    source = world.source_of(job)
    return {BIG_JOB: job["id"], BIG_SOURCE: source["id"], BIG_SLUG: source["slug"]}


def _failed(asked: World) -> Ids:
    """A failed job with errors that is its source's newest."""
    newest = {jobs[0]["id"] for jobs in asked.world.jobs.values() if jobs}
    job = asked.world.job(
        "failed job with errors that is its source's newest",
        lambda each: each["status"] == "failed" and each["errors"] and each["id"] in newest,
    )
    return {FAILED_JOB: job["id"], FAILED_SOURCE: job["source"]["id"]}


def _uncounted(asked: World) -> Ids:
    """An ended job of the time before counters."""
    job = asked.world.job(
        "ended job without counters", lambda each: not each["items"]["by_status"] and each["status"] == "done"
    )
    return {UNCOUNTED_JOB: job["id"]}


def _old(asked: World) -> Ids:
    """A source of an organization whose last job but one failed, and another job of it with items."""

    def fits(source: Row) -> bool:
        jobs = asked.world.jobs[source["id"]]
        return bool(
            source["organization"]
            and len(jobs) >= 3
            and jobs[1]["status"] == "failed"
            and jobs[1]["errors"]
            and _counts(jobs[0], "done")
        )

    source = asked.world.source("source of an organization whose last job but one failed", fits)
    newest, failed = asked.world.jobs[source["id"]][:2]
    return {
        OLD_SOURCE: source["id"],
        OLD_SLUG: source["slug"],
        OLD_JOB: newest["id"],
        OLD_ITEMS_JOB: newest["id"],
        OLD_FAILED_JOB: failed["id"],
        OLD_ORGANIZATION: source["organization"]["id"],
    }


def _gone(_: World) -> Ids:
    """A job of a source that is gone: in the sandbox such a job is gone as well."""
    return {UNCOUNTED_JOB: "0000000000000000000000ff"}


def _dangling(asked: World) -> Ids:
    """A job with an item whose dataset is gone, and the page of one that holds it."""
    if asked.world.dangling is None:
        raise NothingFitsError("the sandbox has no job with an item that cannot be shown")
    job, position = asked.world.dangling
    return {UNCOUNTED_JOB: job, "?page_size=1": f"?page={position + 1}&page_size=1"}


def _run(asked: World) -> Ids:
    """An accepted source with at least four jobs, and a small job that ended well."""
    source = asked.world.source(
        "accepted, active source with 4 jobs",
        lambda each: (
            each["validation"]["state"] == "accepted"
            and each["active"]
            and not each["deleted"]
            and each["organization"]
            and len(asked.world.jobs[each["id"]]) >= 4
        ),
    )
    job = asked.world.job(
        "job of at most 20 items, all done",
        lambda each: 0 < each["items"]["total"] <= 20 and _counts(each, "done") and each["status"] == "done",
    )
    return {RUN_SOURCE: source["id"], RUN_SLUG: source["slug"], RUN_JOB: job["id"]}


def _organization(asked: World) -> Ids:
    """An organization with a source that is not deleted and has run."""
    source = asked.world.source(
        "source of an organization that has run",
        lambda each: each["organization"] and not each["deleted"] and each["last_job"],
    )
    return {ORGANIZATION: source["organization"]["id"]}


def _edited(asked: World) -> Ids:
    """An organization that the editor may add sources to."""
    if not asked.world.edited:
        raise NothingFitsError("the sandbox's editor has no source to edit")
    return {ORGANIZATION: min(asked.world.edited)}


def _made(asked: World) -> Ids:
    """The source that ``create_201`` made, with the slugs that it has had."""
    created = asked.answers.get("create_201", {})
    renamed = asked.answers.get("update_put_200", {})
    if "id" not in created:
        raise NothingFitsError("create_201 made no source")
    slugs = {MADE_SLUG: created["slug"], RENAMED_SLUG: renamed.get("slug", created["slug"])}
    return {MADE: created["id"], **slugs, **_edited(asked)}


def _short_lived(asked: World) -> Ids:
    """The source that ``xfields_post`` made."""
    made = asked.answers.get("xfields_post", {})
    if "id" not in made:
        raise NothingFitsError("xfields_post made no source")
    return {SHORT_LIVED: made["id"]}


def _any(asked: World) -> Ids:
    """Any source."""
    return {SOME_SOURCE: asked.world.sources[0]["id"]}


def _searched(asked: World) -> Ids:
    """A word of the name of a source that has run."""
    source = asked.world.source("source that has run", lambda each: not each["deleted"] and each["last_job"])
    word = max(source["name"].split(), key=lambda part: len(part) if part.isascii() and part.isalpha() else 0)
    return {"moissonneur": word.lower()}


case: Any = Case
plain: Case[GouvWorld] = Case()
big = partial(case, _big)
old = partial(case, _old, dialect="v16")
made = partial(case, _made)


def _keyed(key: str | None) -> dict[str, str | None]:
    return {"X-API-KEY": key}


CASES: dict[str, Case[GouvWorld]] = {
    "404_accept_html": plain,
    "backends": plain,
    "backends_noslash": plain,
    "conditional_get": big(),
    "cors": plain,
    "get_bad_key": plain,
    "head": plain,
    "job_bad_id": plain,
    "job_failed_with_errors": case(_failed),
    "job_failed_with_errors_as_admin": case(_failed, _keyed(ADMIN)),
    "job_get": big(),
    "job_items": big(),
    "job_items_out_of_range": big(),
    "job_items_real_harvest": case(_run),
    "job_items_real_harvest_admin": case(_run, _keyed(ADMIN)),
    "job_items_status_archived": big(),
    "job_items_status_bogus": big(),
    "job_items_status_done": big(),
    "job_items_status_failed": big(),
    "job_items_status_skipped": big(),
    "job_missing_500": plain,
    "job_status_removed": plain,
    "job_without_counters": case(_uncounted),
    "jobs_list": big(),
    "jobs_list_default": big(),
    "jobs_page_2_by_id": big(),
    "jobs_page_2_by_slug": big(),
    "method_405": case(headers=_keyed(EDITOR)),
    "next_page_host_spoof": plain,
    "options": plain,
    "site_harvests_csv": plain,
    "source_404": plain,
    "source_get_by_id": big(),
    "source_get_by_slug": big(),
    "source_last_job_failed_errors_hidden": case(_failed),
    "source_noslash_redirect": case(_any),
    "sources_bad_page_size": plain,
    "sources_deleted_0": plain,
    "sources_deleted_1": plain,
    "sources_deleted_empty": plain,
    "sources_deleted_false": plain,
    "sources_deleted_true": plain,
    "sources_filter_bad": plain,
    "sources_filter_organization": case(_organization),
    "sources_filter_owner": case(_organization),
    "sources_list": plain,
    "sources_list_default": plain,
    "sources_page_out_of_range": plain,
    "sources_q": case(_searched),
    # What the portal answered before it gave a job's items an address of their own.
    "legacy16_backends": old(),
    "legacy16_job_get": old(),
    "legacy16_job_items_404": old(),
    "legacy16_job_missing_500": old(),
    "legacy16_jobs_list_small": old(),
    "legacy16_source_get": old(),
    "legacy16_sources_list": old(),
    "legacy16_sources_owner_is_org": old(),
    "legacy16_xfields_job_items_min": old(),
    "legacy16_xfields_jobs_noitems": old(),
    "xfields_error_400_masked": plain,
    "xfields_items_500": big(),
    "xfields_jobs_min": big(),
    "xfields_jobs_noitems": big(),
    "xfields_source_get": big(),
    "xfields_source_items_sub": big(),
    "xfields_sources_broken": plain,
    "xfields_sources_id": plain,
    "xfields_sources_src_min": plain,
    "xfields_sources_star": plain,
    "xfields_sources_unknown": plain,
    # Writes, in the order of a source's life.
    "create_401": plain,
    "create_bad_key_401": plain,
    "create_empty_400": case(headers=_keyed(EDITOR)),
    "create_missing_url_400": case(headers=_keyed(EDITOR)),
    "create_bad_url_400": case(headers=_keyed(EDITOR)),
    "create_long_name_400": case(headers=_keyed(EDITOR)),
    "create_bad_backend_400": case(headers=_keyed(EDITOR)),
    "create_bad_config_400": case(headers=_keyed(EDITOR)),
    "create_bad_feature_400": case(headers=_keyed(EDITOR)),
    "create_unknown_org_400": case(headers=_keyed(EDITOR)),
    "create_org_forbidden_400": case(_organization, _keyed(STRANGER)),
    "create_wrong_type_400": case(headers=_keyed(EDITOR), verbatim=True),
    "create_not_json_415": case(headers={**_keyed(EDITOR), "Content-Type": "text/plain"}, verbatim=True),
    "create_201": case(_edited, _keyed(EDITOR)),
    "update_put_200": made(_keyed(EDITOR)),
    "old_slug_308": made(),
    "update_put_partial": made(_keyed(EDITOR)),
    "update_403": made(_keyed(STRANGER)),
    "update_org_null_500": made(_keyed(EDITOR)),
    "xfields_error_403_masked": made(_keyed(STRANGER)),
    "run_not_validated_400": made(_keyed(ADMIN)),
    "preview_401": made(),
    "preview_get_200": made(_keyed(EDITOR)),
    "preview_post_200": made(_keyed(EDITOR)),
    "preview_post_bad_port_400": made(_keyed(EDITOR)),
    "validate_403": made(_keyed(STRANGER)),
    "validate_bad_state_400": made(_keyed(ADMIN)),
    "validate_refuse_nocomment_400": made(_keyed(ADMIN)),
    "validate_refused_200": made(_keyed(ADMIN)),
    "validate_accepted_200": made(_keyed(ADMIN)),
    "schedule_403": made(_keyed(STRANGER)),
    "schedule_bad_400": made(_keyed(ADMIN)),
    "schedule_plain_415": made(_keyed(ADMIN), verbatim=True),
    "schedule_json_200": made(_keyed(ADMIN)),
    "schedule_unquoted_cron_200": made(_keyed(ADMIN), verbatim=True),
    "unschedule_204": made(_keyed(ADMIN)),
    "unschedule_again_400": made(_keyed(ADMIN)),
    "run_200": case(_run, _keyed(ADMIN)),
    "jobs_after_run": case(_run),
    "delete_403": made(_keyed(STRANGER)),
    "delete_204": made(_keyed(EDITOR)),
    "deleted_source_still_readable": made(),
    "delete_again": made(_keyed(EDITOR)),
    "update_deleted": made(_keyed(EDITOR)),
    "xfields_post": case(headers=_keyed(EDITOR)),
    "deleted_source_jobs": case(
        _short_lived, before=("DELETE", f"/api/1/harvest/source/{SHORT_LIVED}/", EDITOR)
    ),
    # Rows that were broken by hand.
    "job_dangling_source": case(_gone),
    "job_items_dangling_dataservice": case(_dangling),
    "job_items_dangling_dataset": case(_dangling),
}
