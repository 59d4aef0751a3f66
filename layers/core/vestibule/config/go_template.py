"""The part of Go's template language that overrides of messages may use: fields and conditions.

    {{ .Identity.traits.name }}   {{ if .X }}…{{ else if .Y }}…{{ else }}…{{ end }}
    {{/* comment */}}   {{- trimmed -}}

Everything else (functions, pipes, loops, variables) is refused when it is read, with its line. So a template cannot
fail when a message is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from vestibule.config.json_shapes import is_object

_ACTION = re.compile(r"\{\{(-\s)?(.*?)(\s-)?\}\}", re.DOTALL)
_FIELD = re.compile(r"(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
_CONDITION = re.compile(r"(if|else if)\s+(\S.*)", re.DOTALL)
_SHOWN = 60


class TemplateRefused(Exception):
    """`line` counts from 1; the text says what is wrong there."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class _Text(Struct, frozen=True):
    text: str


class _Field(Struct, frozen=True):
    path: tuple[str, ...]


class _If(Struct, frozen=True):
    """The first branch whose field holds something; without a field, always."""

    branches: tuple[tuple[_Field | None, tuple[_Node, ...]], ...]


_Node = _Text | _Field | _If


class Template(Struct, frozen=True):
    nodes: tuple[_Node, ...]

    def fill(self, data: Mapping[str, Any], escape: Callable[[str], str] = str) -> str:
        """`data` by Go's names; every value goes through `escape`."""
        return "".join(_filled(self.nodes, data, escape))


def parse(source: str, fields: Collection[str]) -> Template:
    """`fields` are the names that may stand first. Raises TemplateRefused."""
    return Template(_Parser(source, fields).parsed())


class _Token(Struct, frozen=True):
    line: int
    action: str | None
    text: str


class _Parser:
    def __init__(self, source: str, fields: Collection[str]) -> None:
        self._fields = fields
        self._tokens = _tokens(source)
        self._at = 0

    def parsed(self) -> tuple[_Node, ...]:
        nodes, ended = self._block()
        if ended is not None:
            raise TemplateRefused(ended.line, f"{{{{ {ended.action} }}}} without an if")
        return nodes

    def _block(self) -> tuple[tuple[_Node, ...], _Token | None]:
        """The nodes up to an `else` or `end`, which is returned, or to the source's end."""
        nodes: list[_Node] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.action is None:
                nodes.append(_Text(token.text))
            elif token.action in ("end", "else") or token.action.startswith("else "):
                return tuple(nodes), token
            elif token.action.startswith("if ") or token.action == "if":
                nodes.append(self._condition(token))
            elif not (token.action.startswith("/*") and token.action.endswith("*/")):
                nodes.append(self._field(token, token.action))
        return tuple(nodes), None

    def _condition(self, opening: _Token) -> _If:
        branches: list[tuple[_Field | None, tuple[_Node, ...]]] = []
        token = opening
        while True:
            named = _CONDITION.fullmatch(token.action or "")
            if named is None and token.action != "else":
                raise TemplateRefused(token.line, f"{_quoted(token)} needs a field, like {{{{ if .Identity }}}}")
            field = self._field(token, named[2]) if named else None
            nodes, ended = self._block()
            branches.append((field, nodes))
            if ended is None:
                raise TemplateRefused(opening.line, f"{_quoted(opening)} has no {{{{ end }}}}")
            if ended.action == "end":
                return _If(tuple(branches))
            if field is None:
                raise TemplateRefused(ended.line, f"{_quoted(ended)} behind {{{{ else }}}}")
            token = ended

    def _field(self, token: _Token, text: str) -> _Field:
        if not _FIELD.fullmatch(text):
            raise TemplateRefused(token.line, f"{_quoted(token)} is neither a field nor if, else or end")
        path = tuple(text[1:].split("."))
        if path[0] not in self._fields:
            known = ", ".join(f".{name}" for name in sorted(self._fields))
            raise TemplateRefused(token.line, f"{_quoted(token)}: this message has {known}")
        return _Field(path)


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, trim = 0, False
    for action in _ACTION.finditer(source):
        text = source[position : action.start()]
        tokens.append(_Token(0, None, _trimmed(text, left=trim, right=action[1] is not None)))
        line = source.count("\n", 0, action.start()) + 1
        tokens.append(_Token(line, action[2].strip(), ""))
        position, trim = action.end(), action[3] is not None
    rest = source[position:]
    if (opened := rest.find("{{")) >= 0:
        raise TemplateRefused(source.count("\n", 0, position + opened) + 1, "{{ is not closed by }}")
    tokens.append(_Token(0, None, _trimmed(rest, left=trim, right=False)))
    return tokens


def _trimmed(text: str, *, left: bool, right: bool) -> str:
    text = text.lstrip() if left else text
    return text.rstrip() if right else text


def _quoted(token: _Token) -> str:
    text = " ".join((token.action or "").split())
    return f"{{{{ {text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''} }}}}"


def _filled(nodes: tuple[_Node, ...], data: Mapping[str, Any], escape: Callable[[str], str]) -> list[str]:
    parts: list[str] = []
    for node in nodes:
        match node:
            case _Text(text):
                parts.append(text)
            case _Field(path):
                parts.append(escape(_written(_value(data, path))))
            case _If(branches):
                chosen = next((inner for field, inner in branches if field is None or _value(data, field.path)), ())
                parts += _filled(chosen, data, escape)
    return parts


def _value(data: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        data = data.get(name) if is_object(data) else None
    return data


def _written(value: Any) -> str:
    """As Go writes texts, numbers and booleans; what is not there is nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
