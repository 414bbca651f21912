"""Requests over HTTP/1.1 whose answers are read as they come: line by line, to their trailers."""

import http.client
import json
import urllib.parse


class HTTPFailure(Exception):
    """An answer that is none."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Exchange:
    """One request on a connection of its own, and its answer. Close it, or read it to its end."""

    def __init__(self, method, url, headers, body=None, timeout=60):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        target = parts.path + ("?" + parts.query if parts.query else "")
        self.connection.putrequest(method, target, skip_accept_encoding=True)
        length = 0 if body is None and method in ("POST", "PUT") else body and len(body)
        for name, value in headers.items():
            self.connection.putheader(name, value)
        if length is not None:
            self.connection.putheader("Content-Length", str(length))
        self.connection.endheaders(body)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.headers = self.response.headers
        self.trailers = {}

    def pieces(self):
        """The parts of the body as the server sent them."""
        try:
            if not self.response.chunked:
                while piece := self.response.read1(65536):
                    yield piece
                return
            # http.client throws trailers away.
            source = self.response.fp
            while size := int(source.readline().split(b";")[0], 16):
                piece = source.read(size)
                if len(piece) < size or source.read(2) != b"\r\n":
                    raise HTTPFailure(self.status, "the answer broke off")
                yield piece
            while (line := source.readline().rstrip(b"\r\n")):
                name, _, value = line.decode().partition(":")
                self.trailers[name.lower()] = value.strip()
        finally:
            self.close()

    def body(self):
        return b"".join(self.pieces())

    def ndjson(self):
        """Each line's value, as soon as the line is there."""
        rest = b""
        for piece in self.pieces():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if line.strip():
                    yield json.loads(line)
        if rest.strip():
            yield json.loads(rest)

    def close(self):
        self.connection.close()
