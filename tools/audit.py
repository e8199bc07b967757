"""Known faults of the packages that are installed, and the licences of all that spotdiff brings along.

python tools/audit.py faults                 # by pip-audit; 2 and one line where its database cannot be asked
python tools/audit.py licences               # 1 where a package is under the GPL or AGPL
python tools/audit.py licences --write       # docs/licences.md made anew
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

TARGET = Path(__file__).parents[1] / "docs" / "licences.md"
EXTRAS = ("train", "watch", "serve", "scale", "geo", "medical", "plots")
_STRICT = re.compile(r"(?<![L\w])A?GPL|GNU (Affero )?General Public", re.IGNORECASE)
_HEAD = """# Licences

What `pip install spotdiff` and its extras bring along, by what the packages say of themselves. Made by
`python tools/audit.py licences --write` on Linux; `make audit` fails where one is under the GPL or AGPL.
The extra `heic` is left out: the wheels of pillow-heif hold x265, which is under the GPL, so `all` does not have it.
What wheels hold beside their own code is not looked into: PyAV's hold FFmpeg, rasterio's GDAL and PROJ.

| package | licence | comes with |
|---|---|---|
"""


def licence_of(found: Distribution) -> str:
    """What a package says of its licence, in a few words."""
    said = found.metadata.get("License-Expression")
    named = [line.split(" :: ")[-1] for line in found.metadata.get_all("Classifier") or () if "License ::" in line]
    text = (found.metadata.get("License") or "").strip().partition("\n")[0].strip()
    return said or "; ".join(named) or ("" if text == "UNKNOWN" else text[:60]) or in_file(found) or "not said"


def in_file(found: Distribution) -> str:
    """The first line of the text of its licence; "" where it has none."""
    files = (file for file in found.files or () if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")))
    lines = (line.strip() for file in files for line in file.read_text().splitlines())
    return next((line[:60] for line in lines if line), "")


def normal(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def brought_by(root: str, extra: str) -> Iterator[Distribution]:
    """All packages that one brings along with an extra, or with none, and that are installed."""
    seen, waiting = set[tuple[str, str]](), [(normal(root), extra)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform
        if name != normal(root):
            yield found
        for line in found.requires or ():
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": wanted}):
                waiting += [(normal(need.name), each) for each in ("", *need.extras)]


def licences() -> dict[str, tuple[str, list[str]]]:
    """Of every package its licence and what it comes with."""
    found: dict[str, tuple[str, list[str]]] = {}
    for extra in ("", *EXTRAS):
        for each in {normal(one.metadata["Name"]): one for one in brought_by("spotdiff", extra)}.items():
            name, package = each
            found.setdefault(name, (licence_of(package), []))[1].append(extra or "always")
    return dict(sorted(found.items()))


def strict(found: dict[str, tuple[str, list[str]]]) -> list[str]:
    """Those under the GPL or AGPL, or that do not say."""
    return [f"{name}: {said}" for name, (said, _) in found.items() if _STRICT.search(said) or said == "not said"]


def check_licences(*, write: bool) -> int:
    """Print what is under a licence that we do not bring along; 1 where something is."""
    found = licences()
    if write:
        rows = (
            f"| {name} | {said} | {'always' if 'always' in users else ', '.join(users)} |"
            for name, (said, users) in found.items()
        )
        TARGET.write_text(_HEAD + "\n".join(rows) + "\n")
    wrong = strict(found)
    print(*wrong, f"{len(found)} packages, {len(wrong)} under the GPL or AGPL or of unknown licence", sep="\n")
    return int(bool(wrong))


def audit_in(answer: str) -> tuple[int, list[str], list[str]]:
    """How many packages were looked up, the faults known of them, and those that could not be looked up."""
    packages = json.loads(answer)["dependencies"]
    left = [one["name"] for one in packages if "skip_reason" in one and normal(one["name"]) != "spotdiff"]
    known = [f"{one['name']} {one['version']}: {each['id']}" for one in packages for each in one.get("vulns", ())]
    return sum("vulns" in one for one in packages), known, left


def check_faults() -> int:
    """Print the known faults; 1 where there are some, 2 where nobody could be asked."""
    if find_spec("pip_audit") is None:
        print("pip-audit is not installed, so no known faults were looked up: pip install pip-audit")
        return 2
    order = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(order, capture_output=True, text=True, check=False)
    try:
        looked_up, known, left = audit_in(done.stdout)
    except (ValueError, KeyError, TypeError):
        looked_up, known, left = 0, [], []
    if not looked_up:
        print("pip-audit reached no database of known faults, so nothing was looked up: try again with a network")
        return 2
    print(*known, f"{looked_up} packages looked up, {len(known)} known faults", sep="\n")
    if left:
        print(f"not looked up: {', '.join(left)}")
    return int(bool(known))


def main() -> int:
    """One of both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("faults", "licences"))
    parser.add_argument("--write", action="store_true", help="make docs/licences.md anew")
    asked = parser.parse_args()
    return check_faults() if asked.what == "faults" else check_licences(write=asked.write)


if __name__ == "__main__":
    sys.exit(main())
