"""A real Chromium, where one is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


def browse(page, *asked, profile, fragment=""):
    """Standard output of a browser that was shown a page, a file, with what is asked of it as its options."""
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command = [str(BROWSER), *quiet, *asked, f"file://{page}{fragment}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def screenshot(page, to, *, profile, size=(400, 300)):
    """Write what a browser shows of a page to a PNG file."""
    window = "--window-size={},{}".format(*size)
    browse(page, f"--screenshot={to}", window, "--hide-scrollbars", "--virtual-time-budget=2000", profile=profile)
    return to


def asked(text, question, *, folder, size, fragment=""):
    """What a page answers to a question, the body of a function, once its script has run in a window of a size.

    The window is a frame, since a browser's own is never as narrow as a phone.
    """
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    assert policy.search(text)
    told = "parent.postMessage(JSON.stringify((() => { QUESTION })()), '*')".replace("QUESTION", question)
    inside = policy.sub("", text).replace("</body>", f"<script>setTimeout(() => {told}, 1000)</script></body>")
    (folder / "inside.html").write_text(inside, encoding="utf-8")
    wait = "addEventListener('message', (event) => { document.getElementById('told').textContent = event.data; })"
    frame = '<iframe src="inside.html{}" width="{}" height="{}" style="border: 0"></iframe>'.format(fragment, *size)
    page = folder / "frame.html"
    page.write_text(f'<pre id="told"></pre><script>{wait}</script>{frame}', encoding="utf-8")
    shown = browse(page, "--virtual-time-budget=4000", "--dump-dom", profile=folder / "profile")
    return json.loads(unescape(re.search(r'<pre id="told">([^<]*)</pre>', shown)[1]))
