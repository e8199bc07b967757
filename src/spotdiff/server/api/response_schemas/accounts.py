"""Accounts: who may use the server, and who one is."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.documentation import (
    AT,
    COUNT,
    NUMBER,
    TEXT,
    TIME,
    Documentation,
    an_object,
    list_of,
    one_of,
    or_none,
    with_example,
)
from spotdiff.server.store.accounts import SCOPES

_ALL = "/api/v1/accounts"
_SCOPE = one_of(*SCOPES)
_CALLER = an_object(
    "Who makes a request, and what they keep.",
    name={**TEXT, "description": "Empty where no account is needed."},
    scopes=list_of(_SCOPE),
    by=one_of("", "token", "session"),
    kept_mb=NUMBER,
    quota_mb=or_none(NUMBER),
    jobs_waiting=COUNT,
    quota_jobs=or_none(COUNT),
)
_ACCOUNT = an_object(
    "Who may use the server.",
    name=TEXT,
    kind=one_of("password", "token"),
    scope=_SCOPE,
    created=TIME,
    expires=or_none(TIME),
)
_TOKEN = an_object("A token, which is shown once.", name=TEXT, scope=_SCOPE, token=TEXT)
_REVOKED = an_object("An account that is no more.", name=TEXT, revoked={"const": True})

ACCOUNTS = Documentation(
    answers={
        ("get", "/api/v1/me"): ("Who one is", {"200": "Caller"}),
        ("get", _ALL): ("Who may use the server", {"200": "[Account]"}),
        ("post", _ALL): ("Make a token", {"201": "Token"}),
        ("delete", f"{_ALL}/{{name}}"): ("Revoke an account", {"200": "Revoked"}),
    },
    schemas={
        "Caller": with_example(
            _CALLER,
            {
                "name": "nightly",
                "scopes": ["read", "write"],
                "by": "token",
                "kept_mb": 12.5,
                "quota_mb": None,
                "jobs_waiting": 0,
                "quota_jobs": 32,
            },
        ),
        "Account": with_example(
            _ACCOUNT, {"name": "nightly", "kind": "token", "scope": "write", "created": AT, "expires": None}
        ),
        "Token": with_example(_TOKEN, {"name": "nightly", "scope": "write", "token": "spotdiff_..."}),
        "Revoked": with_example(_REVOKED, {"name": "nightly", "revoked": True}),
    },
    sent={"NewToken": {"name": "nightly", "scope": "write", "days": 90}},
    parameters={"name": "nightly"},
)
