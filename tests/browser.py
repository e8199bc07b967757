"""A real Chromium, where one is installed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections import deque
from pathlib import Path

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
PATIENCE = 60  # seconds after which something hangs


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


class Browser:
    """A browser that is told what to do over two pipes, by Chromium's own protocol."""

    def __init__(self, profile):
        commands_read, commands_write = os.pipe()
        replies_read, replies_write = os.pipe()
        # Chromium reads from 3 and writes to 4
        script = f'exec 3<&{commands_read} 4>&{replies_write}; exec "$@"'
        quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(BROWSER), *quiet, "--remote-debugging-pipe", "about:blank"],
            pass_fds=(commands_read, replies_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands_read)
        os.close(replies_write)
        self._to, self._from = os.fdopen(commands_write, "wb", 0), os.fdopen(replies_read, "rb", 0)
        self._rest, self._count = b"", 0
        self.events = deque(maxlen=5000)

    def close(self):
        self.process.kill()
        self.process.wait()
        self._to.close()
        self._from.close()

    def ask(self, method, session=None, **parameters):
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._to.write(json.dumps(message).encode() + b"\0")
        while (reply := self._next()).get("id") != self._count:
            self.events.append(reply)
        assert "error" not in reply, (method, reply["error"])
        return reply["result"]

    def _next(self):
        while b"\0" not in self._rest:
            read = self._from.read(1 << 20)
            assert read, "the browser has ended"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def tab(self, address, **look):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Tab(self, session, target).start(address, **look)


class Tab:
    """A page in a browser, used as a person would: by its pointer and keys."""

    def __init__(self, browser, session, target):
        self._browser, self._session, self._target = browser, session, target

    def start(self, address, *, size=(1280, 900), dark=False, phone=False):
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        width, height = (390, 844) if phone else size
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=bool(phone)
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme, {"name": "prefers-reduced-motion", "value": "reduce"}])
        return self.go(address)

    def ask(self, method, **parameters):
        return self._browser.ask(method, self._session, **parameters)

    def go(self, address):
        self.ask("Page.navigate", url=address)
        self.until("location.href !== 'about:blank'")
        return self

    def run(self, script):
        """The value of an expression, a promise's once it is there."""
        got = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in got, got["exceptionDetails"]
        return got["result"].get("value")

    def until(self, script, *, seconds=PATIENCE):
        """Wait until a page is there with its scripts and an expression is true, and give its value."""
        script = f"document.readyState === 'complete' && ({script})"
        limit = time.monotonic() + seconds
        while True:
            try:
                if value := self.run(script):
                    return value
            except AssertionError as error:
                if time.monotonic() > limit:
                    raise AssertionError(f"{script}: {error}") from None
            assert time.monotonic() < limit, f"{script} at {self.run('location.href')}: {self.text()[:2000]}"
            time.sleep(0.05)

    def text(self, selector="body"):
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def middle(self, selector):
        """Where an element is on the screen, once it was scrolled to."""
        script = """(() => { const element = document.querySelector(%s);
            element.scrollIntoView({ block: "center" });
            const { left, top, width, height } = element.getBoundingClientRect();
            return [left + width / 2, top + height / 2, width, height]; })()"""
        return self.run(script % json.dumps(selector))

    def click(self, selector):
        x, y = self.middle(selector)[:2]
        self.drag([(x, y)])

    def drag(self, points):
        """Press at the first point, move over the others, let go at the last."""
        for number, (x, y) in enumerate(points):
            self._mouse("mouseMoved" if number else "mousePressed", x, y)
        self._mouse("mouseReleased", *points[-1])

    def _mouse(self, kind, x, y):
        count = 0 if kind == "mouseMoved" else 1
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=count)

    def press(self, *keys):
        codes = {"Enter": 13, "Tab": 9, "Escape": 27, "Delete": 46, "ArrowDown": 40, "ArrowUp": 38, " ": 32}
        for key in keys:
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            code = codes.get(key, ord(key.upper()) if len(key) == 1 else 0)
            told = {"key": key, "windowsVirtualKeyCode": code, "text": text}
            self.ask("Input.dispatchKeyEvent", type="keyDown", **told)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def choose(self, selector, *paths):
        """Choose files for an input."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def screenshot(self, to, *, whole=True):
        got = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        Path(to).write_bytes(base64.b64decode(got["data"]))
        return to

    def faults(self):
        """What axe finds in the page, once it has been seen that it looked."""
        from importlib.resources import files

        self.run((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") + "; 1")
        script = """axe.run().then(({ violations, passes }) => [passes.map(({ id }) => id),
            violations.map(({ id, nodes }) => [id, nodes.map((node) => [node.html, node.failureSummary])])])"""
        passed, found = self.run(script)
        assert {"document-title", "html-has-lang", "color-contrast"} <= set(passed)
        return found

    def troubles(self):
        """What the browser complained of: errors of scripts, and what the page's policy forbade."""
        told = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                told.append(event["params"]["exceptionDetails"])
            entry = event["params"].get("entry", {})
            if event["method"] == "Log.entryAdded" and entry["level"] == "error":
                told.append(entry["text"])
        return told

    def close(self):
        self._browser.ask("Target.closeTarget", targetId=self._target)
