"""The program that evaluates Jsonnet: one request a line in, one answer a line out. `jsonnet.py` starts and watches it.

It stands alone and imports nothing of ours. Arguments: the engine's library, bytes of memory, bytes of output.

The engine is called by its C interface (libjsonnet.h), which its binding for Python exports: a virtual machine of that
one keeps what it imported as a parsed program, so each template has a machine, and is compiled once. Its arguments are
JSON that Jsonnet's own parser for JSON reads: as code they would take three times as long. For that the template is
imported by a program of ours, the only import there is.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from typing import Any

_KEPT = 32
"""Templates that stay compiled; the one that was not asked for longest goes first."""

_Import = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.POINTER(ctypes.c_size_t),
)
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "jsonnet_make": (ctypes.c_void_p, []),
    "jsonnet_destroy": (None, [ctypes.c_void_p]),
    "jsonnet_max_stack": (None, [ctypes.c_void_p, ctypes.c_uint]),
    "jsonnet_realloc": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]),
    "jsonnet_ext_var": (None, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
    "jsonnet_ext_code": (None, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
    "jsonnet_import_callback": (None, [ctypes.c_void_p, _Import, ctypes.c_void_p]),
    "jsonnet_evaluate_snippet": (
        ctypes.c_void_p,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)],
    ),
}

_TEMPLATE = "template-" + os.urandom(8).hex()
"""Under which name the template is imported. No template knows it."""


def main() -> None:
    library, memory, output = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    engine = ctypes.CDLL(library)
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(engine, name)
        function.restype, function.argtypes = result, arguments
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    compiled: dict[Any, Compiled] = {}
    _say({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        key = (request["source"], request["stack"], tuple(request["tla"]), tuple(request["ext"]))
        template = compiled.pop(key, None) or Compiled(engine, request)
        compiled[key] = template
        _say(template.answer(request, output))
        if len(compiled) > _KEPT:
            compiled.pop(next(iter(compiled))).end()


class Compiled:
    """A template with its machine, for arguments of the same names."""

    def __init__(self, engine: ctypes.CDLL, request: dict[str, Any]) -> None:
        self._engine = engine
        self._source: bytes = request["source"].encode()
        self._program = _program(list(request["tla"])).encode()
        self._imported: list[str] = []
        self._machine = engine.jsonnet_make()
        self._import = _Import(self._importing)  # which has to live as long as the machine
        engine.jsonnet_max_stack(self._machine, request["stack"])
        engine.jsonnet_import_callback(self._machine, self._import, None)

    def answer(self, request: dict[str, Any], output: int) -> dict[str, Any]:
        self._imported.clear()
        try:
            for name, value in request["tla"].items():
                self._engine.jsonnet_ext_var(self._machine, _c(f"{_TEMPLATE} {name}"), _c(value))
            for name, value in request["ext"].items():
                self._engine.jsonnet_ext_code(self._machine, _c(name), _c(value))
        except ValueError:
            return {"refused": "a NUL is no part of Jsonnet"}
        failed = ctypes.c_int()
        said = self._engine.jsonnet_evaluate_snippet(self._machine, b"call", self._program, ctypes.byref(failed))
        text = ctypes.string_at(said)
        self._engine.jsonnet_realloc(self._machine, said, 0)
        if self._imported:
            return {"refused": "imports are off"}
        if failed.value:
            return {"refused": text[:4000].decode("utf-8", "replace")[:2000]}
        if len(decoded := text.decode("utf-8", "replace")) > output:
            return {"refused": f"the result is longer than {output} characters"}
        return {"text": decoded}

    def end(self) -> None:
        self._engine.jsonnet_destroy(self._machine)

    def _importing(self, _context: Any, _folder: bytes, name: bytes, found: Any, text: Any, length: Any) -> int:
        if name.decode("utf-8", "replace") == _TEMPLATE:
            found[0], text[0], length[0] = self._copied(b"template\0"), self._copied(self._source), len(self._source)
            return 0
        self._imported.append("")
        text[0], length[0] = self._copied(b"imports are off"), len(b"imports are off")
        return 1

    def _copied(self, text: bytes) -> int:
        """Memory of the machine, which frees it."""
        memory = self._engine.jsonnet_realloc(self._machine, None, max(len(text), 1))
        ctypes.memmove(memory, text, len(text))
        return memory


def _program(names: list[str]) -> str:
    """What calls the template with the arguments of those names."""
    if not names:
        return f"import '{_TEMPLATE}'"
    given = ", ".join(f"{name}=std.parseJson(std.extVar('{_TEMPLATE} {name}'))" for name in names)
    return f"local template = import '{_TEMPLATE}'; if std.isFunction(template) then template({given}) else template"


def _c(text: str) -> bytes:
    """Raises ValueError for what C takes for shorter than it is."""
    if "\0" in text:
        raise ValueError
    return text.encode()


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
