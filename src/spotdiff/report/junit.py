"""A batch as JUnit XML, for build servers: one test case a pair.

same passes, trouble is an error, and of all else fails what is asked to. The rest is skipped, with its text: build
servers show that as green, but as something that was not simply well.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from spotdiff.report.batch_row import FAILING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from spotdiff.report.batch_row import BatchRow

# Everything else has no place in XML 1.0 (https://www.w3.org/TR/xml/#charsets), not even as a reference.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(rows: Iterable[BatchRow], *, suite: str = "spotdiff", fail_on: Collection[str] = FAILING) -> str:
    """JUnit XML of a batch; what XML cannot say becomes U+FFFD.

    Args:
        rows: One a pair.
        suite: Name of the test suite; a folder in a pair's name is added to it as the case's class name.
        fail_on: The verdicts that are failures.

    Examples:
        >>> from spotdiff.report.batch_row import BatchRow
        >>> print(junit([BatchRow("roof/1", "same", seconds=0.25)]).splitlines()[3].strip())
        <testcase classname="spotdiff.roof" name="1" time="0.250" />
    """
    outcome = {verdict: "failure" if verdict in fail_on else "skipped" for verdict in FAILING} | {"trouble": "error"}
    cases = [_case(row, outcome.get(row.verdict, ""), suite) for row in rows]
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    for case in cases:
        for result in case:
            counts[result.tag if result.tag == "skipped" else f"{result.tag}s"] += 1
    seconds = sum(float(case.attrib["time"]) for case in cases)
    totals = {"name": _xml_text(suite), "tests": str(len(cases)), **{k: str(v) for k, v in counts.items()}}
    totals["time"] = f"{seconds:.3f}"
    root = ElementTree.Element("testsuites", totals)
    ElementTree.SubElement(root, "testsuite", totals).extend(cases)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def write_junit(
    rows: Iterable[BatchRow],
    path: str | Path,
    *,
    suite: str = "spotdiff",
    fail_on: Collection[str] = FAILING,
) -> None:
    """Write JUnit XML to a file, whose folder is made when missing."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(junit(rows, suite=suite, fail_on=fail_on), encoding="utf-8", newline="\n")


def _case(row: BatchRow, outcome: str, suite: str) -> ElementTree.Element:
    folder, _, name = row.name.rpartition("/")
    place = ".".join([suite, *filter(None, folder.split("/"))])
    attributes = {"classname": _xml_text(place), "name": _xml_text(name or row.name), "time": f"{row.seconds:.3f}"}
    case = ElementTree.Element("testcase", attributes)
    if outcome:
        message = row.error or row.text or row.verdict
        possible = f", possible: {row.possible}" if row.possible else ""
        result = ElementTree.SubElement(case, outcome, {"message": _xml_text(message), "type": row.verdict})
        result.text = _xml_text(f"{row.verdict}: {message} (score {row.score:.2f}, regions: {row.likely}{possible})")
    return case


def _xml_text(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
