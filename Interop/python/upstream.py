"""A server of Delegated Routing V1, good or bad, driven through standard input and output, one JSON object a line.

The first line it prints is {"event": "started", "url": URL}. Then each request {"call": NAME, …} is answered by one line:
{"result": …} or {"error": text}. It ends when standard input does.
"""

import base64
import http.server
import json
import os
import sys
import threading
import time

# How long a connection that leads nowhere is held: longer than anybody waits.
HANG_SECONDS = 120


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.manner = "nothing"
        self.options = {}
        self.seen = []
        self.gate = threading.Event()

    # The calls that a test can make.

    def play(self, manner, **options):
        """From now on answers in this manner."""
        self.gate.clear()
        self.options = options
        self.manner = manner

    def proceed(self):
        """Lets a held answer go on."""
        self.gate.set()

    def requests(self):
        """What was asked since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def handle_error(self, *_):
        # Clients that leave are what is tested.
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append({
            "method": self.command, "path": self.path, "accept": self.headers.get("Accept"),
            "via": self.headers.get("Via"), "type": self.headers.get("Content-Type"), "bytes": len(body),
        })
        getattr(self, "play_" + self.server.manner)(**self.server.options)

    do_GET = do_PUT = handle_one

    def whole(self, status, content_type, body, **headers):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, content_type="application/x-ndjson"):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    # Manners.

    def play_nothing(self):
        self.whole(404, "text/plain", b"not found\n")

    def play_list(self, records):
        self.whole(200, "application/json", json.dumps({"Providers": records, "Peers": records}).encode())

    def play_lines(self, records):
        """One record, then the others when the test says so."""
        self.begin()
        for number, record in enumerate(records):
            if number:
                self.server.gate.wait(HANG_SECONDS)
            self.wfile.write(json.dumps(record).encode() + b"\n")
            self.wfile.flush()

    def play_record(self, bytes):
        self.whole(200, "application/vnd.ipfs.ipns-record", base64.b64decode(bytes))

    def play_status(self, status):
        self.whole(status, "text/plain", b"no\n", Retry_After="1")

    def play_page(self):
        self.whole(200, "text/html", b"<html>" * 1000)

    def play_redirect(self, to):
        self.whole(302, "text/plain", b"", Location=to)

    def play_hang(self):
        time.sleep(HANG_SECONDS)

    def play_drip(self):
        self.begin()
        for _ in range(HANG_SECONDS * 10):
            self.wfile.write(b"{")
            self.wfile.flush()
            time.sleep(0.1)

    def play_endless(self):
        self.begin()
        while True:
            self.wfile.write(b"a" * 65536)

    def play_blank(self):
        self.begin()
        while True:
            self.wfile.write(b"\n" * 65536)

    def play_giant(self):
        self.begin("application/json")
        self.wfile.write(b'{"Providers":[')
        while True:
            self.wfile.write(b"0," * 32768)

    def play_junk(self):
        self.begin()
        for _ in range(1000):
            self.wfile.write(os.urandom(1000) + b"\n")

    def play_break(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"Providers":[')
        self.close_connection = True

    def play_gibberish(self):
        self.wfile.write(b"\0\1\2 this is no HTTP\r\n\r\n")
        self.close_connection = True


def say(**message):
    print(json.dumps(message), flush=True)


def main():
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(event="started", url=f"http://127.0.0.1:{server.server_port}")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            say(result=getattr(server, request.pop("call"))(**request))
        except Exception as error:
            say(error=f"{type(error).__name__}: {error}")
    os._exit(0)


if __name__ == "__main__":
    main()
