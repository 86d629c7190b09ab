"""The templates of this package: escaped, strict about unknown names."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape


def page(name: str) -> Template:
    """Return a template by its file's name."""
    return Environment(
        loader=PackageLoader("meridian.report", "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
