"""A request cut into the smallest pieces costs the loop, which serves everybody, little more than one in one piece."""

from __future__ import annotations

import time

import pytest

from access_es.server.arrival import Progress, can_begin

DENSE = b"POST / HTTP/1.1\r\n" + b"c:\r\n" * 7000
WHOLE = {
    "no body": DENSE + b"\r\n",
    "length": DENSE + b"Content-Length: 2000\r\n\r\n" + b"x" * 2000,
    "chunks": DENSE + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 400 + b"0\r\n\r\n",
    "bare line feed": DENSE + b"a: b\n",
}


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE.keys())
def test_byte_by_byte_the_end_is_found_where_it_is_and_quickly(whole: bytes) -> None:
    progress = Progress()
    gathered = bytearray()
    began = time.process_time()
    for byte in whole:
        gathered.append(byte)
        if progress.can_begin(gathered):
            break
    assert time.process_time() - began < 1  # 30,000 pieces
    assert can_begin(gathered)
    assert len(whole) - len(gathered) <= len(b"\r\n\r\n")  # of a last chunk no more is waited for than its size line
