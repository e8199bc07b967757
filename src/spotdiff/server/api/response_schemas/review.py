"""Review: what waits for a decision, and who decided what."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.comparisons import SUMMARY_EXAMPLE
from spotdiff.server.api.response_schemas.documentation import (
    AT,
    COUNT,
    JOB_ID,
    TEXT,
    TIME,
    VERDICT,
    WHO,
    Documentation,
    an_object,
    list_of,
    one_of,
    or_none,
    ref,
    with_example,
)
from spotdiff.server.store.review import APPROVED, REJECTED, UNDONE, VERDICTS

_REVIEW = "/api/v1/review"
_COUNTS = ("open", *VERDICTS, APPROVED, REJECTED)
_QUEUE = an_object(
    "Comparisons that were asked for, the oldest first.",
    counts=an_object(
        "How many there are of the batch and place: open ones that ask for a person, open by verdict, decided.",
        **dict.fromkeys(_COUNTS, COUNT),
    ),
    batches=list_of(TEXT, "The latest sets, the last one first."),
    places=list_of(TEXT, "Those of which there are comparisons, the last one compared first."),
    comparisons=list_of(ref("ComparisonSummary")),
)
_DECIDED = an_object("What was decided on.", decided=list_of(TEXT, "Ids of the comparisons, the oldest first."))
_DECISION = an_object(
    "Who decided what.",
    comparison={**TEXT, "description": "Its id."},
    decision=one_of(APPROVED, REJECTED, UNDONE),
    who=WHO,
    place=or_none(TEXT),
    batch=TEXT,
    before_name=TEXT,
    after_name=TEXT,
    verdict=VERDICT,
    at=TIME,
)

REVIEW = Documentation(
    answers={
        ("get", _REVIEW): ("What waits for a decision", {"200": "ReviewQueue"}),
        ("post", _REVIEW): ("Decide on comparisons, or take decisions back", {"200": "Decided"}),
        ("get", f"{_REVIEW}/decisions"): ("The latest decisions", {"200": "[DecisionMade]"}),
    },
    schemas={
        "ReviewQueue": with_example(
            _QUEUE,
            {
                "counts": {**dict.fromkeys(_COUNTS, 0), "open": 1, "changed": 1},
                "batches": ["run-7"],
                "places": ["hall"],
                "comparisons": [SUMMARY_EXAMPLE],
            },
        ),
        "Decided": with_example(_DECIDED, {"decided": [JOB_ID]}),
        "DecisionMade": with_example(
            _DECISION,
            {
                "comparison": JOB_ID,
                "decision": APPROVED,
                "who": "Ann",
                "place": None,
                "batch": "run-7",
                "before_name": "hall_before.jpg",
                "after_name": "hall_after.jpg",
                "verdict": "changed",
                "at": AT,
            },
        ),
    },
    sent={"Decision": {"decision": APPROVED, "batch": "run-7", "who": "Ann"}},
    parameters={"batch": "run-7", "limit": 20},
)
