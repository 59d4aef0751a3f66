"""The program that evaluates Jsonnet: one request a line in, one answer a line out. `jsonnet.py` starts and watches it.

It stands alone and imports nothing of ours. Arguments: the folder of the engine, bytes of memory, bytes of output.

The arguments of a template are JSON that Jsonnet's own parser for JSON reads: as code they would take three times as
long. For that the template is imported by a program of ours, the only import there is.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any


def main() -> None:
    folder, memory, output = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sys.path.append(folder)
    import _gojsonnet  # noqa: PLC0415 (its folder is known only now)

    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _say({"ready": True})
    for line in sys.stdin:
        _say(_answer(_gojsonnet, json.loads(line), output))


_TEMPLATE = "template-" + os.urandom(8).hex()
"""Under which name the template is imported. No template knows it."""


def _program(names: list[str]) -> str:
    """What calls the template with the arguments of those names."""
    given = ", ".join(f"{name}=std.parseJson(std.extVar('{_TEMPLATE} {name}'))" for name in names)
    return f"local template = import '{_TEMPLATE}'; if std.isFunction(template) then template({given}) else template"


def _answer(engine: Any, request: dict[str, Any], output: int) -> dict[str, Any]:
    imported: list[str] = []

    def importing(_folder: str, name: str) -> tuple[str, bytes]:
        if name == _TEMPLATE:
            return "template", request["source"].encode()
        imported.append(name)
        return name, b"error 'imports are off'"

    arguments: dict[str, str] = request["tla"]
    try:
        text = engine.evaluate_snippet(
            "call" if arguments else "template",
            _program(list(arguments)) if arguments else request["source"],
            max_stack=request["stack"],
            ext_vars={f"{_TEMPLATE} {name}": value for name, value in arguments.items()},
            ext_codes=request["ext"],
            import_callback=importing,
        )
    except Exception as error:  # noqa: BLE001 (whatever the engine says, the one who asked gets it)
        text, failure = "", str(error)
    else:
        failure = ""
    if imported:
        return {"refused": "imports are off"}
    if failure:
        return {"refused": failure[:2000]}
    if len(text) > output:
        return {"refused": f"the result is longer than {output} characters"}
    return {"text": text}


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
