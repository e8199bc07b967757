"""DICOM by pydicom: one frame as the values that it stands for, with the window, spacing and padding that it tells."""

from __future__ import annotations

import zlib
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError, MissingExtra
from spotdiff.image.pillow_reader import NoSuchPage, Page, opened, quiet
from spotdiff.image.pixel_metadata import PixelMetadata
from spotdiff.image.size_limit import SizeLimit
from spotdiff.types import Scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Mask

    Values = NDArray[Any]

_PREAMBLE, _MAGIC = 128, b"DICM"
_DEFLATED = b"1.2.840.10008.1.2.1.99"  # a transfer syntax
_META_LENGTH, _HEAD = 140, 1 << 12  # where the length of the file's own description stands; bytes that hold it
_MOST_INFLATED = 1 << 30  # bytes; a picture within any usual limit needs less
_CHUNK = 1 << 20
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_GREY = ("MONOCHROME1", "MONOCHROME2")
_JPEG_LS_SIZE = b"\xff\xf7"


def is_dicom(data: bytes) -> bool:
    """Whether it is a DICOM file."""
    return data[_PREAMBLE : _PREAMBLE + 4] == _MAGIC


def read_dataset(data: bytes, *, name: str, pixels: bool = True) -> Any:  # noqa: ANN401 (pydicom's own type)
    """The file's data elements.

    Args:
        data: The file's bytes.
        name: What to call it in errors.
        pixels: Whether those are needed that hold the pixels.

    Raises:
        MissingExtra: pydicom is not installed.
        LoadError: it inflates to more than a picture needs.
        Exception: it is damaged, in one of many ways.
    """
    try:
        import pydicom
    except ImportError:
        raise MissingExtra("pydicom, for DICOM", extra="medical") from None
    if _DEFLATED in data[: _PREAMBLE + _HEAD]:
        _check_inflated(data, name)
    with quiet():
        return pydicom.dcmread(BytesIO(data), stop_before_pixels=not pixels)


def _check_inflated(data: bytes, name: str) -> None:
    length = int.from_bytes(data[_META_LENGTH : _META_LENGTH + 4], "little")
    inflater, total, rest = zlib.decompressobj(-zlib.MAX_WBITS), 0, data[_META_LENGTH + 4 + length :]
    while rest and not inflater.eof:
        total += len(inflater.decompress(rest, _CHUNK))
        rest = inflater.unconsumed_tail
        if total > _MOST_INFLATED:
            raise LoadError(f"{name}: it inflates to more than {_MOST_INFLATED >> 20} MB; save it uncompressed")


def read_frame(data: bytes, page: int, limit: SizeLimit) -> Page:
    """A frame of a file.

    Grey values are those that the file's rescale or table makes of what is stored, such as Hounsfield units; which of
    them are black and white is left to all pictures of a comparison.

    Args:
        data: The file's bytes.
        page: Which frame, from 1 on.
        limit: What to call it in errors, and how large it may be; looked at before anything is decoded.

    Raises:
        NoSuchPage: there are fewer.
        MissingExtra: pydicom is not installed.
        LoadError: it is too large, holds no picture, or is compressed in a way that nothing installed decodes.
        Exception: it is damaged, in one of many ways.
    """
    name = limit.name
    dataset = read_dataset(data, name=name)
    with quiet(max_pixels=limit.max_pixels):
        if not any(element in dataset for element in _PIXELS):
            raise LoadError(f"{name}: a DICOM file without a picture ({dataset.get('Modality') or 'of unknown kind'})")
        pages = int(dataset.get("NumberOfFrames") or 1)
        if page > pages:
            raise NoSuchPage(pages)
        limit.check(int(dataset.Columns), int(dataset.Rows))
        _check_coded_size(dataset, page, pages)
        scan = Scan(_spacing(dataset, page), _header(dataset), page)
        stored = _decoded(dataset, page, name)
        if dataset.PhotometricInterpretation not in _GREY:
            return Page(_colours(stored, dataset), _taken(dataset), pages, PixelMetadata(scan=scan))
        has_data = _has_data(stored, dataset)
        window, notes = _window(dataset, page)
        metadata = PixelMetadata(
            None if has_data.all() else has_data,
            window,
            inverted=dataset.PhotometricInterpretation == "MONOCHROME1",
            grey_scan=True,
            scan=scan,
            notes=notes,
        )
        return Page(_physical(stored, dataset, page), _taken(dataset), pages, metadata)


def of_frame(dataset: Any, frame: int, group: str, name: str) -> Any:  # noqa: ANN401
    """A value of a frame: of its functional group, of that which all frames share, or of the file; None without."""
    groups = [*dataset.get("PerFrameFunctionalGroupsSequence", [])[frame - 1 : frame]]
    groups += dataset.get("SharedFunctionalGroupsSequence", [])[:1]
    for one in groups:
        for item in one.get(group, [])[:1]:
            if item.get(name) is not None:
                return item.get(name)
    return dataset.get(name)


def _header(dataset: Any) -> bytes:  # noqa: ANN401
    """The file without its pixels."""
    import pydicom

    bare = pydicom.Dataset({element.tag: element for element in dataset if element.tag.group < 0x7FE0})
    bare.file_meta, bare.preamble = dataset.file_meta, b"\0" * _PREAMBLE
    file = BytesIO()
    implicit = bool(dataset.file_meta.TransferSyntaxUID.is_implicit_VR)
    little = bool(dataset.file_meta.TransferSyntaxUID.is_little_endian)
    pydicom.dcmwrite(file, bare, implicit_vr=implicit, little_endian=little, force_encoding=True)
    return file.getvalue()


def _check_coded_size(dataset: Any, page: int, pages: int) -> None:  # noqa: ANN401
    """Raise a ValueError where a compressed frame says another size than the file: decoders go by the former."""
    from pydicom.encaps import get_frame

    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    frame = get_frame(dataset.PixelData, page - 1, number_of_frames=pages)
    size = _jpeg_ls_size(frame) or _pillow_size(frame)
    if size is not None and size != (int(dataset.Columns), int(dataset.Rows)):
        raise ValueError("its compressed pixels have another size than it says")


def _pillow_size(frame: bytes) -> tuple[int, int] | None:
    """Width and height as a frame's header has them; None for what Pillow does not read."""
    try:
        with opened(frame) as image:
            size: tuple[int, int] = image.size
            return size
    except Exception:  # a broken header breaks in many ways
        return None


def _jpeg_ls_size(frame: bytes) -> tuple[int, int] | None:
    at = frame.find(_JPEG_LS_SIZE, 0, 1 << 16)
    if not frame.startswith(b"\xff\xd8") or at < 0:
        return None
    return int.from_bytes(frame[at + 7 : at + 9], "big"), int.from_bytes(frame[at + 5 : at + 7], "big")


def _decoded(dataset: Any, page: int, name: str) -> Values:  # noqa: ANN401
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        try:
            decodable = get_decoder(syntax).is_available
        except NotImplementedError:
            decodable = False
        if not decodable:
            raise LoadError(f"{name}: DICOM compressed as {syntax.name} is not read: save it uncompressed")
    try:
        values: Values = pixel_array(dataset, index=page - 1)
    except RuntimeError as error:
        if "not support" in str(error):
            raise LoadError(f"{name}: this kind of {syntax.name} is not read: save it uncompressed") from None
        raise ValueError("its compressed pixels cannot be decoded") from None
    return values


def _colours(stored: Values, dataset: Any) -> Values:  # noqa: ANN401
    if dataset.PhotometricInterpretation != "PALETTE COLOR":
        return stored
    from pydicom.pixels.processing import apply_color_lut

    table = apply_color_lut(stored, dataset)
    return np.asarray(table >> 8, np.uint8) if table.dtype == np.uint16 else table


def _has_data(stored: Values, dataset: Any) -> Mask:  # noqa: ANN401
    """False where stored values only pad the picture."""
    padding = dataset.get("PixelPaddingValue")
    if padding is None:
        return np.ones(stored.shape, bool)
    low, high = sorted((padding, dataset.get("PixelPaddingRangeLimit", padding)))
    return np.asarray((stored < low) | (stored > high))


def _physical(stored: Values, dataset: Any, frame: int) -> Values:  # noqa: ANN401
    """The values that the stored ones stand for."""
    if "ModalityLUTSequence" in dataset:
        from pydicom.pixels.processing import apply_modality_lut

        return np.asarray(apply_modality_lut(stored, dataset), np.float64)
    slope = of_frame(dataset, frame, "PixelValueTransformationSequence", "RescaleSlope")
    intercept = of_frame(dataset, frame, "PixelValueTransformationSequence", "RescaleIntercept")
    plain = stored.astype(bool if dataset.get("BitsAllocated") == 1 else stored.dtype.newbyteorder("="))
    factor, added = float(1 if slope is None else slope), float(intercept or 0)
    return plain if (factor, added) == (1, 0) else plain * factor + added


def _window(dataset: Any, frame: int) -> tuple[tuple[float, float] | None, tuple[str, ...]]:  # noqa: ANN401
    """The values that are black and white by the first window of the file, and what is simplified in it.

    References:
        DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3: the ends of a linear window.
    """
    group = "FrameVOILUTSequence"
    centres = np.atleast_1d(np.array(of_frame(dataset, frame, group, "WindowCenter"), object))
    widths = np.atleast_1d(np.array(of_frame(dataset, frame, group, "WindowWidth"), object))
    function = str(of_frame(dataset, frame, group, "VOILUTFunction") or "LINEAR")
    if centres[0] is None or widths[0] is None:
        table = dataset.get("VOILUTSequence", [])[:1]
        if not table:
            return None, ()
        count, first, _ = (int(value) for value in table[0].LUTDescriptor)
        note = "its table of brightness is taken for a straight line"
        return (float(first), float(first + (count or 1 << 16) - 1)), (note,)
    centre, width = float(centres[0]), float(widths[0])
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1
    low, high = centre - width / 2, centre + width / 2
    notes = ("its sigmoid of brightness is taken for a straight line",) if function == "SIGMOID" else ()
    return (low, max(high, low + 1e-6 * max(abs(low), 1.0))), notes


def _spacing(dataset: Any, frame: int) -> tuple[float, float] | None:  # noqa: ANN401
    """Millimetres across and down, in the patient or else on the detector; a file has them down first."""
    for name in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = of_frame(dataset, frame, "PixelMeasuresSequence", name)
        if spacing is not None and len(spacing) == 2:
            down, across = float(spacing[0]), float(spacing[1])
            if min(down, across) > 0 and np.isfinite([down, across]).all():
                return across, down
    return None


def _taken(dataset: Any) -> datetime | None:  # noqa: ANN401
    for day, time in (
        ("AcquisitionDate", "AcquisitionTime"),
        ("ContentDate", "ContentTime"),
        ("StudyDate", "StudyTime"),
    ):
        with suppress(ValueError):
            return datetime.strptime(f"{dataset.get(day)}{str(dataset.get(time))[:6]}", "%Y%m%d%H%M%S")
    return None
