"""One of AWS's services on this machine, as far as a test needs it."""

from __future__ import annotations

import json
import threading
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class AwsStub(BaseHTTPRequestHandler):
    """Answers every operation with 200."""

    @abstractmethod
    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]: ...

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(self.answer(self.headers["x-amz-target"].rpartition(".")[2], asked)).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def running(stub: type[AwsStub]) -> Iterator[str]:
    """Its address, on a free port; it ends with the block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), stub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
