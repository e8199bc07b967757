"""Deciding anew from the records of a batch, without looking at a pixel, and the threshold that pairs tell."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.errors import DataError, OptionError, SpotdiffError, error_line
from spotdiff.input_files import read_text
from spotdiff.language.catalogue import get_catalogue
from spotdiff.language.judged import judged_text
from spotdiff.methods import get_method
from spotdiff.params import hint
from spotdiff.regions.extract import thresholds
from spotdiff.report.record import to_record

if TYPE_CHECKING:
    from spotdiff.types import Comparison, Extraction, Verdict


@dataclass(frozen=True, slots=True)
class Criteria:
    """From when on a pair counts as changed; None leaves a criterion out.

    Attributes:
        sensitivity: As in `Options`, up to that of the batch.
        min_score: Regions of a smaller score do not count, and those that do are sure.
        max_pixels: Pixels that may change in all.
        max_fraction: The same as a share of the picture, 0 to 1.
    """

    sensitivity: float | None = None
    min_score: float | None = None
    max_pixels: int | None = None
    max_fraction: float | None = None

    def __post_init__(self) -> None:
        for name in ("sensitivity", "min_score", "max_fraction"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and 0 <= value <= 1):
                raise OptionError(f"{name} takes 0..1, not {value!r}")
        pixels = self.max_pixels
        if pixels is not None and not (_is_number(pixels) and isinstance(pixels, int) and pixels >= 0):
            raise OptionError(f"max_pixels takes a whole number from 0 on, not {self.max_pixels!r}")

    @property
    def given(self) -> dict[str, float]:
        """Those that are not left out, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def to_toml(self) -> str:
        """As the text of a settings file."""
        return "".join(f"{name} = {value!r}\n" for name, value in self.given.items())

    @classmethod
    def read(cls, path: str | Path) -> Criteria:
        """Those of a settings file.

        Raises:
            DataError: it cannot be read, or holds something else.
        """
        try:
            values = tomllib.loads(read_text(Path(path), pipe=True))
        except DataError as error:
            raise DataError(f"{error}; spotdiff judge writes settings") from None
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: no settings file in TOML ({error_line(error)})") from None
        known = tuple(field.name for field in fields(cls))
        if unknown := sorted(values.keys() - {*known}):
            advice = hint(unknown[0], known) or f"; there are {', '.join(known)}"
            raise DataError(f"{path}: there is no setting {unknown[0]}{advice}")
        return cls(**values)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def was_refused(record: Mapping[str, Any]) -> bool:
    """Whether a record has no answer that could be judged: nobody could compare, or the pictures differ all over."""
    return record["verdict"] == "unsure" and not record["regions"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a record comes to under some criteria.

    Attributes:
        verdict: By the criteria.
        reason: Why, where it is another verdict than that of the comparison; else "".
        sure: From which score on a region is sure.
        counted: Which of the regions count, by their place in the record; None for all, since nothing was judged.
    """

    verdict: Verdict
    reason: str = ""
    sure: float = 0.0
    counted: tuple[int, ...] | None = None


def judgement_of(record: Mapping[str, Any], criteria: Criteria) -> Judgement:
    """What a record comes to under some criteria; without any, what it says itself.

    A pair that nobody could compare, or that differs all over, stays unsure.

    Raises:
        OptionError: the record's method is not known here.
    """
    measured: Verdict = record["verdict"]
    if not criteria.given or was_refused(record):
        return Judgement(measured)
    extraction = _extraction(record)
    limits = thresholds(extraction, sensitivity=_or(criteria.sensitivity, 0.5), min_area=-1, join=-1)
    least, sure, area = 0.0, limits.sure, 0
    if criteria.sensitivity is not None:
        least, area = limits.least if extraction.calibration else limits.seed, limits.min_area
    if criteria.min_score is not None:
        least = sure = criteria.min_score
    fitting = {
        place: region
        for place, region in enumerate(record["regions"])
        if region["score"] >= least and region["area"] >= area
    }
    counted = list(fitting.values())
    verdict = _verdict(counted, record, criteria, sure)
    reason = "" if verdict == measured else _reason(counted, record, criteria)
    return Judgement(verdict, reason, sure, tuple(fitting))


def _verdict(
    counted: Sequence[Mapping[str, Any]], record: Mapping[str, Any], criteria: Criteria, sure: float
) -> Verdict:
    pixels = sum(region["area"] for region in counted)
    width, height = record["before"]["size"]
    few = criteria.max_pixels is not None and pixels <= criteria.max_pixels
    if not counted or few or (criteria.max_fraction is not None and pixels <= criteria.max_fraction * width * height):
        return "same"
    if criteria.sensitivity is None and criteria.min_score is None:
        measured: Verdict = record["verdict"]
        return measured
    return "changed" if max(region["score"] for region in counted) >= sure else "unsure"


def _reason(counted: Sequence[Mapping[str, Any]], record: Mapping[str, Any], criteria: Criteria) -> str:
    asked = ", ".join(f"{name} {value:g}" for name, value in criteria.given.items())
    pixels, surest = sum(region["area"] for region in counted), _surest(record)
    few = f"{len(counted)} of {len(record['regions'])} regions counted, {pixels} px"
    return f"with {asked}, {few}; the surest region has {surest:.2f}"


def judged(comparison: Comparison, criteria: Criteria, *, language: str) -> Comparison:
    """A comparison with the verdict that some criteria make of it, and a reason and text that are true for that.

    Args:
        comparison: The answer.
        criteria: What a person allows.
        language: Of the text.

    Raises:
        OptionError: there is no such language.
    """
    judgement = judgement_of(to_record(comparison), criteria)
    if not judgement.reason:
        return comparison
    changed = judgement.verdict == "changed"
    regions = tuple(replace(region, likely=changed and region.score >= judgement.sure) for region in comparison.regions)
    as_compared = comparison.text or f"{comparison.reason}."
    text = judged_text(judgement.verdict, judgement.reason, as_compared, get_catalogue(language))
    return replace(comparison, verdict=judgement.verdict, reason=judgement.reason, regions=regions, text=text)


def judged_record(record: Mapping[str, Any], criteria: Criteria, *, language: str) -> dict[str, Any]:
    """A record with the verdict that some criteria make of it, and only the regions that count by them.

    Args:
        record: As it was written.
        criteria: What a person allows.
        language: Of the text.

    Returns:
        The record as it is where all regions count and the verdict stays, else a new one. Its numbers of changed pixels
        are those of the regions that count.

    Raises:
        OptionError: the record's method or the language is not known here.
    """
    judgement = judgement_of(record, criteria)
    every = record["regions"]
    if judgement.counted is None or (not judgement.reason and len(judgement.counted) == len(every)):
        return dict(record)
    counted = [every[place] for place in judgement.counted]
    reason = judgement.reason or _reason(counted, record, criteria)
    changed = judgement.verdict == "changed"
    pixels, were = sum(region["area"] for region in counted), record["changed_pixels"]
    as_compared = record["text"] or f"{record['reason']}."
    return {
        **record,
        "verdict": judgement.verdict,
        "reason": reason,
        "changed_pixels": pixels,
        "changed_fraction": record["changed_fraction"] * pixels / were if were else 0.0,
        "regions": [{**region, "likely": changed and region["score"] >= judgement.sure} for region in counted],
        "text": judged_text(judgement.verdict, reason, as_compared, get_catalogue(language)),
    }


def check_sensitivity(criteria: Criteria, *, compared_at: float) -> None:
    """Raise OptionError where criteria ask for fainter regions than a comparison at a sensitivity kept."""
    if criteria.sensitivity is not None and criteria.sensitivity > compared_at:
        reason = f"fainter regions than those at {compared_at:g} were not kept"
        raise OptionError(f"{reason}: compare at sensitivity {criteria.sensitivity:g} once, then judge")


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _extraction(record: Mapping[str, Any]) -> Extraction:
    name = record["method"]["name"]
    try:
        return get_method(name, record["method"]["parameters"]).extraction
    except SpotdiffError:
        return get_method(name).extraction  # its weights may be gone; how it makes regions is its own


@dataclass(frozen=True, slots=True)
class Learned:
    """A threshold that parts good pairs from bad ones.

    Attributes:
        criteria: With the one criterion that was found.
        precision, recall: Of the bad pairs, on those it was found on.
        not_judged: How many of the pairs had no answer that could be judged; they count in neither figure.
    """

    criteria: Criteria
    precision: float
    recall: float
    not_judged: int = 0


def learn(good: Sequence[Mapping[str, Any]], bad: Sequence[Mapping[str, Any]]) -> Learned:
    """The least score, or else the number of changed pixels, that parts the records of good and bad pairs best.

    Raises:
        OptionError: of one of the two there is none that could be judged, or nothing was told in any bad pair.
    """
    fit_good, fit_bad = ([record for record in records if not was_refused(record)] for records in (good, bad))
    not_judged = len(good) + len(bad) - len(fit_good) - len(fit_bad)
    if not fit_good or not fit_bad:
        refused = f"; {not_judged} could not be judged" if not_judged else ""
        raise OptionError(f"--good and --bad take the names of pairs: each at least one that was compared{refused}")
    candidates = [
        *_cuts([_surest(record) for record in fit_good], [_surest(record) for record in fit_bad], "min_score"),
        *_cuts([_pixels(record) for record in fit_good], [_pixels(record) for record in fit_bad], "max_pixels"),
    ]
    if not candidates:
        raise OptionError("no region was told in any of the bad pairs, so that nothing parts them from the good ones")
    return replace(max(candidates, key=lambda one: one[0])[1], not_judged=not_judged)


def _cuts(good: Sequence[float], bad: Sequence[float], name: str) -> list[tuple[float, Learned]]:
    """Every cut between two values, with the F1 of the bad pairs; the widest gap first among equals."""
    values = sorted({0.0, *good, *bad})
    cuts = []
    for low, high in pairwise(values):
        caught, wrong = sum(value >= high for value in bad), sum(value >= high for value in good)
        if not caught:
            continue
        precision, recall = caught / (caught + wrong), caught / len(bad)
        f1 = 2 * precision * recall / (precision + recall)
        criteria = Criteria(min_score=_between(low, high)) if name == "min_score" else Criteria(max_pixels=int(low))
        gap = (high - low) / max(high, 1.0)
        cuts.append((f1 + 1e-6 * gap, Learned(criteria, precision, recall)))
    return cuts


def _between(low: float, high: float) -> float:
    """A short number over `low` and up to `high`."""
    middle = (low + high) / 2
    return next((short for digits in (2, 4) if low < (short := round(middle, digits)) <= high), middle)


def _surest(record: Mapping[str, Any]) -> float:
    return max((float(region["score"]) for region in record["regions"]), default=0.0)


def _pixels(record: Mapping[str, Any]) -> float:
    return float(sum(region["area"] for region in record["regions"]))
