"""What changed in a study as a DICOM segmentation: one segment a kind, in the frames of the later study."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import spotdiff
from spotdiff.atomic_write import write_whole
from spotdiff.errors import MissingExtra, OptionError
from spotdiff.image.pillow_reader import quiet
from spotdiff.report.coordinates import kinds_in
from spotdiff.types import KINDS

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Comparison, Scan

    Compared = tuple[Scan | None, Scan, Bytes]  # before's scan, after's, and after's kinds

_SCHEME = "99SPOTDIFF"  # of codes for the kinds, which no public scheme has
_MEANINGS = {
    "added": "Only in the later study",
    "removed": "Only in the earlier study",
    "replaced": "Another thing in the later study",
    "moved": "Elsewhere in the later study",
    "changed": "Different in the two studies",
}


def require_highdicom() -> None:
    """Raise a MissingExtra unless what writes segmentations is installed."""
    if find_spec("highdicom") is None:
        raise MissingExtra("highdicom, for a DICOM segmentation", extra="medical")


def write_dicom_seg(comparison: Comparison, path: str | Path) -> None:
    """Write a segmentation of the later study's frames that were compared; it names both studies as its sources.

    Segment 1 is added, 2 removed, 3 replaced, 4 moved and 5 changed, whether or not something is in them.

    Raises:
        OptionError: a picture is no DICOM file, or lacks what a segmentation needs.
        MissingExtra: highdicom is not installed.
        OSError: it cannot be written.
    """
    require_highdicom()
    made = _segmentation(_compared(comparison))
    file = BytesIO()
    with quiet():
        made.save_as(file)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, file.getvalue())


def check_scans(comparison: Comparison) -> None:
    """Raise an OptionError for an answer of which no segmentation can be made."""
    _compared(comparison)


def _compared(comparison: Comparison) -> list[Compared]:
    series: list[Compared]
    if comparison.pages:
        pages = [(page.scans, page.kinds) for page in comparison.pages]
        series = [(*scans, kinds) for scans, kinds in pages if scans is not None and kinds is not None]
    else:
        before, after = comparison.pair.before.scan, comparison.pair.after.scan
        series = [] if after is None else [(before, after, kinds_in(comparison, "after"))]
    if not series:
        raise OptionError("a DICOM segmentation lies on the later study, and after is no DICOM file")
    return series


def _segmentation(compared: Sequence[Compared]) -> Any:  # noqa: ANN401 (highdicom's own type)
    import highdicom
    from highdicom.seg import Segmentation, SegmentationTypeValues

    frames = _frames(compared)
    sources = [_dataset(header) for header in dict.fromkeys(after.header for _, after, _ in compared)]
    earlier = [_dataset(header) for header in dict.fromkeys(b.header for b, _, _ in compared if b is not None)]
    own, study = {source.SOPInstanceUID for source in sources}, sources[0].get("StudyInstanceUID")
    further = [each for each in earlier if each.get("StudyInstanceUID") == study and each.SOPInstanceUID not in own]
    elsewhere = [each for each in earlier if each.get("StudyInstanceUID") not in (study, None)]
    try:
        with quiet():
            made = Segmentation(
                source_images=sources,
                pixel_array=frames,
                segmentation_type=SegmentationTypeValues.BINARY,
                segment_descriptions=[_description(number, kind) for number, kind in enumerate(KINDS, 1)],
                series_instance_uid=highdicom.UID(),
                series_number=9000,
                sop_instance_uid=highdicom.UID(),
                instance_number=1,
                manufacturer="spotdiff",
                manufacturer_model_name="spotdiff",
                software_versions=spotdiff.__version__,
                device_serial_number="none",
                content_label="CHANGES",
                content_description="What changed since the earlier study; not for diagnosis",
                omit_empty_frames=bool(frames.any()),
                further_source_images=further or None,
            )
            if elsewhere:
                made.StudiesContainingOtherReferencedInstancesSequence = _references(elsewhere)
            return made
    except (AttributeError, ValueError, TypeError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise OptionError(f"no DICOM segmentation can be made of this study: {reason}") from None


def _references(sources: Sequence[Any]) -> list[Any]:
    """Items of DICOM's module of common references: studies, their series, and the files of these."""
    from pydicom import Dataset

    series: dict[tuple[str, str], list[Any]] = {}
    for source in sources:
        file = Dataset()
        file.ReferencedSOPClassUID, file.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
        series.setdefault((source.StudyInstanceUID, source.SeriesInstanceUID), []).append(file)
    studies: dict[str, Any] = {}
    for (study, series_uid), files in series.items():
        item = Dataset()
        item.SeriesInstanceUID, item.ReferencedInstanceSequence = series_uid, files
        named = studies.setdefault(study, Dataset())
        named.StudyInstanceUID = study
        named.ReferencedSeriesSequence = [*named.get("ReferencedSeriesSequence", []), item]
    return list(studies.values())


def _frames(compared: Sequence[Compared]) -> Bytes:
    """(N, H, W) uint8: the kind, counted from 1, of each pixel of every frame of the later study's files."""
    sizes = {kinds.shape for _, _, kinds in compared}
    if len(sizes) > 1:
        raise OptionError("the later study has slices of several sizes, and a segmentation has one")
    files = list(dict.fromkeys(after.header for _, after, _ in compared))
    if len(files) > 1:
        return np.stack([kinds for _, _, kinds in compared])
    count = int(_dataset(files[0]).get("NumberOfFrames") or 1)
    frames = np.zeros((count, *sizes.pop()), np.uint8)
    for _, after, kinds in compared:
        frames[after.frame - 1] = kinds
    return frames


def _dataset(header: bytes) -> Any:  # noqa: ANN401
    import pydicom

    with quiet():
        return pydicom.dcmread(BytesIO(header))


def _description(number: int, kind: str) -> Any:  # noqa: ANN401
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    return SegmentDescription(
        segment_number=number,
        segment_label=kind,
        segmented_property_category=codes.SCT.SpatialAndRelationalConcept,
        segmented_property_type=Code(kind.upper(), _SCHEME, _MEANINGS[kind]),
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name="spotdiff",
            version=spotdiff.__version__,
            family=codes.DCM.ArtificialIntelligence,
        ),
    )
