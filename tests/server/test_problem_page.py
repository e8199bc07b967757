"""What goes wrong at an address for people is a page in a browser, and an object for programs."""

from __future__ import annotations

import pytest

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize("address", ["/comparisons/abc", "/watch", "/places/none", "/nowhere", "/%3Cscript%3E"])
def test_a_person_is_shown_a_page_and_a_program_an_object(server, address):
    page = server.get(address, Accept=BROWSER)
    assert (page.status, page.headers["content-type"].partition(";")[0]) == (404, "text/html")
    assert b"<h1>Not Found</h1>" in page.body
    assert b"<script>" not in page.body
    assert "script-src 'self'" in page.headers["content-security-policy"]
    told = server.get(address, Accept="application/json")
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json["detail"][1:].encode() in page.body


def test_addresses_of_programs_never_answer_with_a_page(server):
    told = server.get("/api/v1/jobs/abc", Accept=BROWSER)
    assert (told.status, told.headers["content-type"]) == (404, "application/problem+json")
