"""Templates of pages: escaped, strict about unknown names."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape


def page(name: str, package: str = "meridian.report") -> Template:
    """Return a template of a package's folder `templates` by its file's name."""
    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
