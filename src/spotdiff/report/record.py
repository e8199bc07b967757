"""The record: a comparison as one JSON object, for programs. Its schema is `schema/comparison-1.json`."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import spotdiff
from spotdiff.report.coordinates import SIDES
from spotdiff.report.geo_regions import crs_name, region_areas
from spotdiff.shown_text import without_password
from spotdiff.types import STEPS

if TYPE_CHECKING:
    from spotdiff.types import Alignment, Comparison, Light, Outline, Picture, Region

SCHEMA = "spotdiff/comparison/1"
TIMED = (*STEPS, "total")

Record = dict[str, Any]


def to_record(comparison: Comparison) -> Record:
    """The comparison as a dict of JSON's own types, the same for the same comparison.

    Numbers keep six significant digits, a matrix ten; a number that JSON cannot say becomes None.
    """
    return {
        "schema": SCHEMA,
        "name": comparison.name,
        "before": _picture(comparison.pair.before),
        "after": _picture(comparison.pair.after),
        "verdict": comparison.verdict,
        "reason": comparison.reason,
        "score": _number(comparison.score),
        "changed_pixels": comparison.changed_pixels,
        "changed_fraction": _number(comparison.changed_fraction),
        "regions": _regions(comparison),
        "text": comparison.text,
        "method": {
            "name": comparison.method,
            "parameters": plain(comparison.parameters),
            "weights": comparison.weights or None,
            "notes": plain({} if comparison.evidence is None else comparison.evidence.notes),
        },
        "alignment": _alignment(comparison.alignment),
        "light": _light(comparison.light),
        "seconds": {step: _number(comparison.seconds.get(step, 0.0)) for step in TIMED},
        "version": spotdiff.__version__,
        "pages": [
            {"page": page.page, "verdict": page.verdict, "reason": page.reason, "score": _number(page.score)}
            for page in comparison.pages
        ],
    }


def to_json(record: Mapping[str, Any]) -> str:
    """The record as text: one line a field and one line a region, ASCII only, ending in a line feed."""
    lines = []
    for name, value in record.items():
        body = json.dumps(value, allow_nan=False)
        if name == "regions" and value:
            body = "[\n    " + ",\n    ".join(json.dumps(region, allow_nan=False) for region in value) + "\n  ]"
        lines.append(f"  {json.dumps(name)}: {body}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write_json(comparison: Comparison, target: str | Path) -> None:
    """Write the record to a file, whose folder is made when missing, or to standard output for "-"."""
    text = to_json(to_record(comparison))
    if str(target) == "-":
        sys.stdout.write(text)
        return
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii", newline="\n")


def load_schema() -> Record:
    """The record's JSON Schema (draft 2020-12)."""
    path = Path(__file__).parent / "schema" / "comparison-1.json"
    schema: Record = json.loads(path.read_text(encoding="utf-8"))
    return schema


def plain(value: object) -> Any:  # noqa: ANN401 (JSON's own types)
    """A value in JSON's own types: numbers rounded, arrays and tuples as lists, anything else as its text.

    Examples:
        >>> plain({"sigma": 1 / 3, "limit": float("nan"), "where": (1, 2), "file": Path("x.onnx")})
        {'sigma': 0.333333, 'limit': None, 'where': [1, 2], 'file': 'x.onnx'}
    """
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (Sequence, set, frozenset)):
        return [plain(item) for item in (sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value)]
    return str(value)


def _picture(picture: Picture) -> Record:
    """The fields that only some pictures have stand at the end."""
    record: Record = {
        "path": without_password(str(picture.path)),
        "size": list(picture.full_size),
        "notes": list(picture.notes),
        "page": picture.page,
        "pages": picture.pages,
    }
    if picture.georeference is not None:
        transform = [_number(value, digits=15) for value in picture.georeference.transform]
        record["georeference"] = {"crs": crs_name(picture.georeference), "transform": transform}
    if picture.scan is not None and picture.scan.spacing is not None:
        record["spacing_mm"] = [_number(value) for value in picture.scan.spacing]
    return record


def _regions(comparison: Comparison) -> list[Record]:
    """The fields that only regions of some pictures have stand at the end."""
    records = [_region(region) for region in comparison.regions]
    for record, area in zip(records, region_areas(comparison), strict=True):
        if area is not None:
            record["area_m2"] = _number(area)
    for side in SIDES:
        scan = getattr(comparison.pair, side).scan
        if scan is not None and scan.spacing is not None:
            for record in records:
                record[f"box_{side}_mm"] = _millimetres(record[f"box_{side}"], scan.spacing)
    return records


def _millimetres(box: Sequence[int] | None, spacing: tuple[float, float]) -> list[float | None] | None:
    """A box in millimetres from the picture's left and top edge."""
    return None if box is None else [_number(edge * step) for edge, step in zip(box, spacing * 2, strict=True)]


def _region(region: Region) -> Record:
    return {
        "kind": region.kind,
        "score": _number(region.score),
        "box_before": plain(region.box_before),
        "box_after": plain(region.box_after),
        "outline_before": _outlines(region.outline_before),
        "outline_after": _outlines(region.outline_after),
        "area": int(region.area),
        "text": region.text,
        "page": region.page,
        "likely": region.likely,
    }


def _outlines(outlines: Sequence[Outline]) -> list[list[list[int]]]:
    return [[[int(x), int(y)] for x, y in outline] for outline in outlines]


def _alignment(alignment: Alignment) -> Record:
    matrix = [[_number(value, digits=10) for value in row] for row in np.asarray(alignment.matrix, float).tolist()]
    return {
        "model": alignment.model,
        "matrix": matrix if np.isfinite(alignment.matrix).all() else None,
        "error_px": None if alignment.error_px is None else _number(alignment.error_px),
        "overlap": _number(alignment.overlap),
        "note": alignment.note,
    }


def _light(light: Light) -> Record:
    return {
        "model": light.model,
        "gain": plain(light.gain),
        "gamma": plain(light.gamma),
        "field": plain(light.field),
        "note": light.note,
    }


def _number(value: float, *, digits: int = 6) -> float | None:
    value = float(value)
    return float(f"{value:.{digits}g}") + 0.0 if math.isfinite(value) else None
