"""Jobs: how they stand, and their end."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.documentation import (
    ADDRESS,
    AT,
    COUNT,
    JOB_ID,
    TEXT,
    TIME,
    Documentation,
    an_object,
    one_of,
    or_none,
    ref,
    with_example,
)
from spotdiff.server.store.jobs import STATES
from spotdiff.types import STEPS

_ALL = "/api/v1/jobs"
_ONE = f"{_ALL}/{{name}}"
_JOB = an_object(
    "A comparison that is to be made, is being made, or has ended.",
    id=TEXT,
    state=one_of(*STATES),
    step=or_none(one_of(*STEPS, "write", description="While it runs.")),
    tries=COUNT,
    place=or_none(TEXT),
    problem=or_none(ref("Problem")),
    created=TIME,
    started=or_none(TIME),
    finished=or_none(TIME),
    url=ADDRESS,
    comparison=or_none(ADDRESS),
)
_EXAMPLE = {
    "id": JOB_ID,
    "state": "running",
    "step": "score",
    "tries": 1,
    "place": None,
    "problem": None,
    "created": AT,
    "started": AT,
    "finished": None,
    "url": f"{_ALL}/{JOB_ID}",
    "comparison": None,
}

JOBS = Documentation(
    answers={
        ("get", _ALL): ("The latest jobs", {"200": "[Job]"}),
        ("get", _ONE): ("How a job stands", {"200": "Job"}),
        ("delete", _ONE): ("Cancel a job", {"200": "Job"}),
        ("post", f"{_ONE}/retry"): ("Queue a job again that failed or was cancelled", {"202": "Job"}),
    },
    files={
        f"{_ONE}/events": (
            "Server-sent events `job`: the job at each change, until it has ended",
            ("text/event-stream",),
        )
    },
    schemas={"Job": with_example(_JOB, _EXAMPLE)},
    parameters={"name": JOB_ID, "limit": 20, "state": "failed"},
)
