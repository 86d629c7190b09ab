"""Reads an SDK's generated Python text: the classes needed are cut out and parsed, nothing is imported."""

from __future__ import annotations

import ast
import re
import threading
from functools import lru_cache
from pathlib import Path

from meridian.local.schema.types import Field, ResourceType, Shape

_FORCE_NEW = re.compile(
    r"forces? (?:a )?(?:new|replacement)|forces creation of a new|changing this (?:forces|creates)|"
    r"(?:is|are) immutable|cannot be (?:changed|modified|updated) (?:after|once)|force new",
    re.IGNORECASE,
)
_PLAIN = {"str": "string", "bool": "bool", "int": "int", "float": "float"}
_ANY: Shape = {"kind": "any"}
# Until Python 3.11.8 `ast.parse` fails with a SystemError when two threads are in it (python/cpython issue 106905).
_PARSING = threading.Lock()


@lru_cache(maxsize=6)
def _text(path: Path) -> str:
    return path.read_text()


def cut_class(path: Path, name: str) -> ast.ClassDef | None:
    """Return the parsed class `name` of a file, or None; other classes of the file are not parsed."""
    text = _text(path)
    found = re.search(rf"^class {re.escape(name)}[:(]", text, re.MULTILINE)
    if found is None:
        return None
    rest = text[found.start() :]
    end = re.search(r"^(?:@pulumi|class |def |if )", rest[1:], re.MULTILINE)
    with _PARSING:
        node = ast.parse(rest[: end.start() + 1] if end else rest).body[0]
    return node if isinstance(node, ast.ClassDef) else None


def _type(node: ast.expr) -> tuple[Shape, bool]:
    """Return (shape, optional)."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ({"kind": "object", "ref": node.value} if node.value.endswith("Args") else _ANY), False
    if isinstance(node, (ast.Attribute, ast.Name)):
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        return {"kind": _PLAIN.get(name, "any")}, False
    if not isinstance(node, ast.Subscript):
        return _ANY, False
    head = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if head == "Optional":
        return _type(inner[0])[0], True
    if head in ("Input", "Output"):
        return _type(inner[0])
    if head == "Sequence":
        return {"kind": "list", "of": _type(inner[0])[0]}, False
    if head == "Mapping":
        return {"kind": "map", "of": _type(inner[-1])[0]}, False
    if head == "Union":
        known = [shape for shape in (_type(item)[0] for item in inner) if shape["kind"] != "any"]
        # A number or a percentage, one object or many: what may be either is judged by the API server.
        return (known[0] if len({shape["kind"] for shape in known}) == 1 else _ANY), False
    return _ANY, False


def _wire_name(member: ast.FunctionDef) -> str | None:
    """Return the wire name of a getter, or None for any other method."""
    for decorator in member.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not isinstance(call, ast.Attribute) or call.attr != "getter":
            continue
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
        return member.name
    return None


def _fields(node: ast.ClassDef) -> dict[str, Field]:
    """Return the getters of a class by wire name; an output is `required` when it is never absent."""
    needed: set[str] = set()
    found: dict[str, Field] = {}
    for member in node.body:
        if not isinstance(member, ast.FunctionDef):
            continue
        if member.name == "__init__":
            defaults = member.args.kw_defaults
            needed = {a.arg for a, d in zip(member.args.kwonlyargs, defaults, strict=True) if d is None}
        wire = _wire_name(member)
        if wire is None or member.returns is None:
            continue
        shape, optional = _type(member.returns)
        is_output = isinstance(member.returns, ast.Subscript) and "Output" in ast.dump(member.returns.value)
        required = not optional if is_output else member.name in needed
        found[wire] = Field(shape, required, bool(_FORCE_NEW.search(ast.get_docstring(member) or "")))
    return found


@lru_cache(maxsize=1024)
def _declared(file: Path, name: str) -> dict[str, Field] | None:
    """Return the fields of a nested input's class; the same ones serve every resource that holds it."""
    node = cut_class(file, name) if file.is_file() else None
    return _fields(node) if node else None


def _nested(shape: Shape, package: Path, module: Path, objects: dict[str, dict[str, Field]]) -> None:
    """Read the class behind a shape, and what it holds; its reference becomes whole, for names repeat between modules."""
    while shape["kind"] in ("list", "map"):
        shape = shape["of"]
    if shape["kind"] != "object":
        return
    *folders, name = shape["ref"].split(".")
    folder = package.joinpath(*(part.lstrip("_") for part in folders)) if folders else module
    for place in dict.fromkeys((folder, module, package)):
        found = _declared(place / "_inputs.py", name)
        if found is not None:
            break
    else:
        place, found = module, {}
    shape["ref"] = reference = ".".join((*place.relative_to(package).parts, name))
    if reference in objects:
        return
    objects[reference] = found
    for field in objects[reference].values():
        _nested(field.shape, package, place, objects)


def _secrets(node: ast.ClassDef, outputs: dict[str, Field]) -> tuple[str, ...]:
    names: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.keyword) and part.arg == "additional_secret_outputs":
            names |= {str(c.value) for c in ast.walk(part.value) if isinstance(c, ast.Constant)}
    return tuple(sorted(names & outputs.keys()))


def find_file(package: Path, fqn: str, class_name: str) -> Path | None:
    """Return the file of an SDK that holds a resource class."""
    folder = package.joinpath(*fqn.split(".")[1:])
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
    guess = folder / f"{snake}.py"
    pattern = re.compile(rf"^class {class_name}\(pulumi\.(?:Custom|Provider)", re.MULTILINE)
    for path in (guess, *sorted(folder.glob("*.py"))):
        if path.is_file() and path.name != "_inputs.py" and pattern.search(_text(path)):
            return path
    return None


def extract(package: Path, token: str, fqn: str, class_name: str) -> ResourceType | None:
    """Return what the SDK in `package` declares for `token`, or None when its class cannot be found."""
    path = find_file(package, fqn, class_name)
    if path is None:
        return None
    # Where a nested input already has the name XArgs, the resource's own are called XInitArgs.
    arguments = cut_class(path, f"{class_name}Args") or cut_class(path, f"{class_name}InitArgs")
    resource = cut_class(path, class_name)
    if resource is None:
        return None
    inputs = _fields(arguments) if arguments else {}
    outputs = _fields(resource)
    objects: dict[str, dict[str, Field]] = {}
    for field in inputs.values():
        _nested(field.shape, package, path.parent, objects)
    certain = tuple(name for name, field in outputs.items() if field.required)
    shapes = {name: field.shape for name, field in outputs.items()}
    # Labels are declared secret only because a provider's default labels may be; nothing secret is in ours.
    secrets = tuple(name for name in _secrets(resource, outputs) if not name.endswith("Labels"))
    return ResourceType(token, inputs, shapes, objects, certain, secrets)
