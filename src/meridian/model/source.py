"""Reads YAML files with the place of every value, so that an error can point at its line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, CommentedSet
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from meridian.model.problems import LocatedProblem, Problem, shown
from meridian.model.problems import Path as DataPath


class Source:
    """One YAML file: its plain data, and where each path of it stands; never writes."""

    def __init__(self, file: Path, shown_as: str) -> None:
        self.shown_as = shown_as
        self.problem: LocatedProblem | None = None
        self._root: Any = CommentedMap()
        try:
            loaded = YAML(typ="rt").load(file.read_text(encoding="utf-8"))
        except MarkedYAMLError as error:
            self.problem = self._syntax_problem(error)
            return
        except FileNotFoundError:
            fix = "make it a readable file (`git status` tells what is gone), or remove a link that leads nowhere"
            self.problem = self._unreadable("there is no such file", fix)
            return
        except OSError as error:
            self.problem = self._unreadable(
                f"cannot be read: {error.strerror}", "make it a readable file, or remove it"
            )
            return
        except UnicodeDecodeError as error:
            self.problem = self._unreadable(f"cannot be read: {error}", "save it as UTF-8 text")
            return
        except YAMLError as error:
            rule = f"the file must be valid YAML: {str(error).splitlines()[0]}"
            self.problem = self._unreadable(rule, "save it as UTF-8 text without control characters")
            return
        except RecursionError:
            self.problem = self._unreadable("is nested too deeply", "write it as its schema says")
            return
        if isinstance(loaded, CommentedMap):
            self._root = loaded
        else:
            found = "empty" if loaded is None else _plain(loaded)
            self.problem = LocatedProblem(
                (), found, "the file must be a mapping", "write `key: value` lines", shown_as, 1, 1
            )

    def _unreadable(self, rule: str, fix: str) -> LocatedProblem:
        return LocatedProblem((), Path(self.shown_as).name, rule, fix, self.shown_as, 1, 1)

    def _syntax_problem(self, error: MarkedYAMLError) -> LocatedProblem:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        text = (error.problem or "not YAML").strip()
        return LocatedProblem(
            (),
            text.split("\n")[0],
            "the file must be valid YAML without duplicate keys",
            "mend this line",
            self.shown_as,
            line,
            column,
        )

    def data(self) -> dict[str, Any]:
        """Return the file as plain dictionaries and lists."""
        plain = _plain(self._root)
        return plain if isinstance(plain, dict) else {}

    def locate(self, problem: Problem, path: DataPath) -> LocatedProblem:
        """Return the problem with the place of `path`, or of the nearest parent that the file has."""
        line, column = self._place(path)
        return LocatedProblem(
            problem.path, problem.value, problem.rule, problem.fix, self.shown_as, line, column
        )

    def _place(self, path: DataPath) -> tuple[int, int]:
        node: Any = self._root
        place = (1, 1)
        for step in path:
            try:
                if isinstance(node, CommentedMap) and step in node:
                    row, column = node.lc.value(step) if _is_leaf(node[step]) else node.lc.key(step)
                elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                    row, column = node.lc.item(step)
                else:
                    break
            except (KeyError, AttributeError, TypeError):
                break
            place = (row + 1, column + 1)
            node = node[step]
        return place


def _is_leaf(node: Any) -> bool:
    return not isinstance(node, (CommentedMap, CommentedSeq))


def _key(node: Any) -> str:
    """Return a mapping's key as text: what is no text, such as a list, as JSON."""
    return str(node) if isinstance(node, str) else shown(_plain(node))


def _plain(node: Any, known: dict[int, Any] | None = None) -> Any:
    """Return plain data; what an alias repeats stays one object, so that a few lines cannot become gigabytes."""
    known = {} if known is None else known
    if id(node) in known:
        return known[id(node)]
    if isinstance(node, dict):
        mapping: dict[str, Any] = {}
        known[id(node)] = mapping
        mapping.update((_key(key), _plain(value, known)) for key, value in node.items())
        return mapping
    if isinstance(node, CommentedSet):
        return dict.fromkeys(_key(key) for key in node)  # as YAML has it: keys without values
    if isinstance(node, (list, tuple)):
        items: list[Any] = []
        known[id(node)] = items
        items.extend(_plain(value, known) for value in node)
        return items
    if isinstance(node, (bool, ScalarBoolean)):
        return bool(node)
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
