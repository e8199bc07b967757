"""Logging in and out with a real browser, which says its Origin by rules of its own."""

from __future__ import annotations

import pytest

from browser import Browser, needs_browser
from server.account_verbs import PASSWORD, give_password

pytestmark = needs_browser
AT = "location.pathname + location.search === "


@pytest.fixture(name="browser")
def browser_fixture(tmp_path):
    browser = Browser(tmp_path / "profile")
    yield browser
    browser.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_person_logs_in_and_out(own_server, browser, dark):
    server = own_server()
    give_password(server.data, "ann")
    home = f"http://127.0.0.1:{server.port}"
    tab = browser.tab(f"{home}/?x=1", phone=True, dark=dark)
    tab.until("document.activeElement?.name === 'name'")
    for password in ("not this one", PASSWORD):
        tab.type("ann")  # the first field has the focus
        tab.press("Tab")
        tab.type(password)
        tab.press("Enter")
        if password != PASSWORD:
            tab.until("document.querySelector('[role=alert]') !== null")
            assert tab.faults() == []
            tab.until("document.activeElement?.name === 'name'")
    tab.until(f"{AT}'/?x=1'")
    assert [trouble for trouble in tab.troubles() if "401 (Unauthorized)" not in str(trouble)] == []

    tab.go(f"data:text/html,<a href='{home}/?y=2'>look</a>")  # elsewhere: a strict cookie is not sent along
    tab.click("a")
    tab.until(f"{AT}'/?y=2'")

    tab.until("document.querySelector('#account')?.innerText.includes('ann')")
    assert tab.faults() == []
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    tab.click("#account button")
    tab.until("location.pathname === '/login'")
    tab.go(f"{home}/places")
    tab.until("location.pathname === '/login'")


def test_without_an_account_there_is_nobody_to_log_out(server, browser):
    tab = browser.tab(f"http://127.0.0.1:{server.port}/places")
    tab.until("document.querySelector('#new') !== null")
    assert tab.run("document.querySelector('#account').hidden")
