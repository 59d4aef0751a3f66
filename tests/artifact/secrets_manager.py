"""A Secrets Manager that knows the two secrets of the template."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

ADMIN_KEY = "local-admin-key"


@contextmanager
def running_secrets_manager() -> Iterator[str]:
    """Its address; it ends with the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _SecretsManager) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _SecretsManager(BaseHTTPRequestHandler):
    values: ClassVar = {"Secrets": json.dumps({"generated": "0123456789abcdef" * 4}), "AdminKey": ADMIN_KEY}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = json.dumps({"Name": asked["SecretId"], "SecretString": self.values[asked["SecretId"]]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass
