"""HTML put together safely: whatever is not `Html` is escaped."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from string import Template

import spotdiff

Value = str | int | bool | None  # of an attribute

PAGE_FOLDER = Path(__file__).parent / "page"  # templates, styles and scripts
_INSIDE = "data:"  # pictures that the page itself holds
_MODULE = re.compile(r"^import .*\n|^export (?=const |function )", re.MULTILINE)


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, *children: str | None, **attributes: Value) -> Html:
    """An HTML element.

    Args:
        name: Of the element.
        children: `Html` as it is, any other text escaped, None left out.
        attributes: Escaped; True stands alone, None and False are left out. `class_` is `class`, and an underscore
            inside a name is a hyphen.

    Examples:
        >>> element("p", "1 < 2 ", element("b", "yes"), class_="note", aria_label='"', hidden=True, title=None)
        '<p class="note" aria-label="&quot;" hidden>1 &lt; 2 <b>yes</b></p>'
    """
    inside = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    return Html(f"<{name}{inside}>{join(*children)}</{name}>")


def join(*children: str | None) -> Html:
    """Children one after the other, escaped where needed."""
    return Html("".join(c if isinstance(c, Html) else html.escape(c) for c in children if c is not None))


def image(source: str, *, alt: str = "", **attributes: Value) -> Html:
    """An `img` element, which has no children and no end."""
    return Html(element("img", src=source, alt=alt, **attributes).removesuffix("</img>"))


def bar(share: float) -> Html:
    """A bar filled to a share, 0 to 1, beside a number that says the same."""
    width = f"{100 * min(max(share, 0.0), 1.0):.1f}"
    filled = element("rect", width=width, height=6)
    return element("svg", filled, class_="bar", viewBox="0 0 100 6", preserveAspectRatio="none", aria_hidden="true")


def json_island(value: object) -> Html:
    r"""JSON that may stand inside a `script` element: no character in it can end the element or start another.

    Examples:
        >>> json_island({"name": "</script>"})
        '{"name": "\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Html(text)


def whole_page(
    *, title: str, head: Html, main: Html, style: str, script: str = "", image_sources: str = _INSIDE
) -> str:
    """A page in one file; no style and no script but its own may run in it.

    Args:
        title: What a window with the page is called.
        head: What stands at its top, beside the button that turns it light or dark.
        main: What follows.
        style: Files in the folder `page`, separated by blanks, which go on from the style of every page.
        script: The same; modules stand after those that they import from.
        image_sources: What the page's policy allows pictures to come from.
    """
    css = "\n".join(map(page_file, ("base.css", *style.split())))
    code = _in_one_script(["theme.js", *script.split()])
    policy = (
        f"default-src 'none'; img-src {image_sources}; style-src '{_digest(css)}'; script-src '{_digest(code)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    complete = " This page is complete in itself and loads nothing." if image_sources == _INSIDE else ""
    return fill(
        "shell.html",
        policy=Html(policy),
        title=title,
        style=Html(css),
        top=page_top(head),
        main=main,
        foot=f"Made by spotdiff {spotdiff.__version__}.{complete}",
        script=Html(code),
    )


def page_top(head: Html) -> Html:
    """The top of a page: what is said there, and the button that turns the page light or dark."""
    return fill("top.html", head=head)


def fill(template: str, **parts: str) -> Html:
    """A template in the folder `page` with its parts put in, which are escaped unless `Html`."""
    return Html(Template(page_file(template)).substitute({name: join(part) for name, part in parts.items()}))


def _in_one_script(names: list[str]) -> str:
    """Modules as one script: a page in one file has none to import from, but their names in one scope."""
    code = "\n".join(_MODULE.sub("", page_file(name)) for name in names)
    return f'"use strict";\n{{\n{code}}}\n'


def page_file(name: str) -> str:
    """The text of a file in the folder `page`."""
    return (PAGE_FOLDER / name).read_text(encoding="utf-8")


def write_page_file(text: str, path: str | Path) -> None:
    """Write a page; its folder is made when missing. What Unicode cannot write becomes a question mark."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
