"""The command `spotdiff`: answers identical files at once, everything else through the verbs in `spotdiff.cli`."""

from __future__ import annotations

import os
import sys

SAME = (  # as the flow says it
    "Same: no region is sure and large enough.\nNo change found. The pictures are equal to the last pixel."
)

# What a comparison of identical files may be asked without its answer changing; any other option takes the normal way,
# where it is checked. Written out, because importing the options costs more than the whole answer.
_FLAGS = frozenset(("--quiet", "-q"))
_VALUES = {
    "--method": frozenset(("spot", "classic", "pixel")),  # ssim tells its mean
    "--align": frozenset(("auto", "off", "shift", "similarity", "affine", "homography", "flow", "page")),
    "--light": frozenset(("auto", "off", "gain", "gamma", "histogram", "local")),
    "--describe": frozenset(("words", "off")),
    "--set": frozenset(  # of the pixel method
        [f"metric={name}" for name in ("oklab", "yiq", "yiq12", "ciede2000", "cie76", "redmean", "rgb")]
        + [f"composite={name}" for name in ("checkerboard", "white", "ignore")]
        + ["antialias=on", "antialias=off"]
    ),
}
_MAX_PIXELS = 200.0  # million, as `Options.max_pixels`


def main() -> None:
    """Run the command and end the process with its exit code: 0 same, 1 changed, 2 trouble, 3 unsure."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the flow does no linear algebra worth a thread's start
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # its complaints about a file would stand beside our one line
    if not sys.warnoptions:
        import warnings

        warnings.simplefilter("ignore")  # a library's, which would stand beside our one line too
    code = 0
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except OSError as error:  # a full disk behind standard output must not pass for an answer
        if code in (0, 1, 3) and not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"spotdiff: standard output: {error.strerror}\n")
        code = code if code > 3 else 2
    os._exit(code)  # taking the interpreter down tidily would cost 20 ms


def run(arguments: list[str]) -> int:
    """The exit code of the command with these arguments, once it has run.

    Examples:
        >>> run(["--version"])
        spotdiff 0.1.0
        0
    """
    pair = plain_comparison(arguments)
    if pair is not None:
        from spotdiff.quick_identity import identical_pictures

        if identical_pictures(*pair, max_pixels=_MAX_PIXELS):
            if not _FLAGS.intersection(arguments):
                sys.stdout.write(SAME + "\n")
            return 0
    from spotdiff.cli import run_verb

    return run_verb(arguments)


def plain_comparison(arguments: list[str]) -> tuple[str, str] | None:
    """The two files of `compare BEFORE AFTER` when nothing that is asked can matter to identical ones; else None.

    Examples:
        >>> plain_comparison(["compare", "before.png", "after.png", "--align", "off"])
        ('before.png', 'after.png')
        >>> plain_comparison(["compare", "before.png", "after.png", "--json", "-"]) is None
        True
    """
    if arguments[:1] != ["compare"]:
        return None
    files, method, waiting = [], "spot", iter(arguments[1:])
    settings = False
    for word in waiting:
        if word in _FLAGS:
            continue
        if not word.startswith("-"):
            files.append(word)
            continue
        option, given, value = word.partition("=")
        value = value if given else next(waiting, "")
        if value not in _VALUES.get(option, ()):
            return None
        method = value if option == "--method" else method
        settings = settings or option == "--set"
    plain = len(files) == 2 and (method == "pixel" or not settings)
    return (files[0], files[1]) if plain else None


if __name__ == "__main__":
    main()
