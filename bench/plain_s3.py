"""An S3 that only stores and gives back, as fast as the machine can: moto's 30 MB/s would be all that one measures.

    python -m bench.plain_s3 PORT FOLDER

Objects and multipart uploads of a single bucket, path style; no signature is checked and no list is kept.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

_PIECE_BYTES = 1024 * 1024
_KEPT = ("Content-Type", "Content-Encoding", "Cache-Control")


@dataclass
class Stored:
    """An object or what there is of it: its headers, and a file for each part."""

    headers: dict[str, str]
    parts: dict[int, Path] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        return [self.parts[number] for number in sorted(self.parts)]

    def forget(self) -> None:
        for file in self.files:
            file.unlink()


class Answers(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, Stored]] = {}
    uploads: ClassVar[dict[str, Stored]] = {}
    folder = Path()

    def do_POST(self) -> None:
        self._receive(None)
        place = urlsplit(self.path)
        asked = parse_qs(place.query, keep_blank_values=True)
        if "uploads" in asked:
            upload = secrets.token_hex(8)
            self.uploads[upload] = Stored(self._kept())
            self._say(f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>")
        else:
            self.objects[place.path] = self.uploads.pop(asked["uploadId"][0])
            self._say("<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")

    def do_PUT(self) -> None:
        place = urlsplit(self.path)
        asked = parse_qs(place.query)
        file = self.folder / secrets.token_hex(8)
        self._receive(file)
        if "uploadId" in asked:
            self.uploads[asked["uploadId"][0]].parts[int(asked["partNumber"][0])] = file
        else:
            self.objects[place.path] = Stored(self._kept(), {1: file})
        self._say("")

    def do_DELETE(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        self.uploads.pop(asked["uploadId"][0]).forget()
        self._say("")

    def do_GET(self) -> None:
        """Each object can be fetched once: the next one wants its room."""
        stored = self.objects.pop(urlsplit(self.path).path)
        self.send_response(200)
        for name, value in stored.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(sum(file.stat().st_size for file in stored.files)))
        self.end_headers()
        try:
            for file in stored.files:
                with file.open("rb") as opened:
                    self.connection.sendfile(opened)
        finally:
            stored.forget()

    def _kept(self) -> dict[str, str]:
        return {name: self.headers[name] for name in _KEPT if name in self.headers}

    def _receive(self, file: Path | None) -> None:
        left = int(self.headers.get("Content-Length", 0))
        with (file or Path("/dev/null")).open("wb") as opened:
            while left:
                piece = self.rfile.read(min(left, _PIECE_BYTES))
                left -= len(piece)
                opened.write(piece)

    def _say(self, body: str) -> None:
        self.send_response(200)
        self.send_header("ETag", '"x"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def main(port: int, folder: Path) -> None:
    Answers.folder = folder
    ThreadingHTTPServer(("127.0.0.1", port), Answers).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
