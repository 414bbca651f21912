"""A broker of AutoTLS, good or bad, driven through standard input and output, one JSON object a line.

It does what libp2p's public broker does: a peer proves who it is by `libp2p-PeerID`, hands in the text of a record and its
addresses, is dialled at those by py-libp2p, and has the record written, here through the management interface of
pebble-challtestsrv. Behind its one address stand two servers that know nothing of each other's challenges, as behind a
balancer of load: a cookie tells which of them a client began with.

The first line it prints is {"event": "started", "url": URL}. Then each request {"call": NAME, …} is answered by one line:
{"result": …} or {"error": text}. It ends when standard input does.
"""

import argparse
import hashlib
import http.cookies
import http.server
import json
import logging
import os
import re
import ssl
import sys
import threading
import urllib.request

import base58
import multiaddr
import trio

from libp2p import new_host
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo

from peer_id_auth import Identity, Server as Authenticator

REGISTRATION, HEALTH = "/v1/_acme-challenge", "/v1/health"
DIAL_SECONDS = 15
# How long a request that leads nowhere is held: longer than a node waits.
HANG_SECONDS = 120


def peer_id(key):
    """The multihash of a public key in protobuf form."""
    return b"\x00" + bytes([len(key)]) + key if len(key) <= 42 else b"\x12\x20" + hashlib.sha256(key).digest()


def label(peer):
    """A peer id as the name servers write it: CIDv1 of a libp2p key, in base 36."""
    number, digits = int.from_bytes(b"\x01\x72" + peer, "big"), ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return "k" + digits


class Refusal(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def registration(body):
    """The record's text and the addresses; anything but these two fields is refused."""
    try:
        read = json.loads(body)
    except ValueError as error:
        raise Refusal(400, f"error decoding JSON: {error}")
    if not isinstance(read, dict) or set(read) - {"value", "addresses"}:
        raise Refusal(400, "error decoding JSON: unknown field")
    value, addresses = read.get("value"), read.get("addresses")
    # 32 bytes, without padding.
    if not isinstance(value, str) or not re.fullmatch("[A-Za-z0-9_-]{43}", value):
        raise Refusal(400, "value is not a base64url encoding of a SHA256 hash")
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise Refusal(400, "error decoding JSON: addresses are no list of texts")
    return value, addresses


class Broker(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options, host, token):
        super().__init__(("127.0.0.1", 0), Handler)
        self.domain = options.domain
        self.management = options.management
        self.host = host
        self.token = token
        identity = Identity()
        self.backends = [Authenticator(identity), Authenticator(identity)]
        self.next_backend = 0
        self.manner = "good"
        self.options = {}
        self.gate = threading.Event()
        self.seen = []
        if options.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.certificate, options.key)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if options.certificate else 'http'}://localhost:{self.server_port}"

    # The calls that a test can make.

    def play(self, manner, **options):
        """From now on answers in this manner."""
        for backend in self.backends:
            backend.forges = manner == "forge"
        self.gate.clear()
        self.options = options
        self.manner = manner

    def proceed(self):
        """Lets held requests go on."""
        self.gate.set()

    def requests(self):
        """What was asked since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def handle_error(self, request, address):
        # Clients that leave are what is tested.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, address)

    # What it does.

    def dial(self, peer, addresses):
        """The first address at which the peer is. py-libp2p takes nobody else for it."""
        for address in addresses:
            if "/p2p-circuit" in address:
                continue
            try:
                trio.from_thread.run(self.connect, ID(peer), multiaddr.Multiaddr(address), trio_token=self.token)
                return address
            except Exception as error:
                logging.info("no connection to %s: %r", address, error)
        raise Refusal(400, f"could not connect to any of {addresses}")

    async def connect(self, peer, address):
        with trio.fail_after(DIAL_SECONDS):
            await self.host.connect(PeerInfo(peer, [address]))
            await self.host.disconnect(peer)
        # Or it would be tried again by itself, at the addresses of an earlier request.
        self.host.get_peerstore().clear_addrs(peer)

    def write(self, peer, value):
        name = f"_acme-challenge.{label(peer)}.{self.domain}."
        self.manage("clear-txt", {"host": name})
        self.manage("set-txt", {"host": name, "value": value})

    def manage(self, call, message):
        urllib.request.urlopen(f"{self.management}/{call}", json.dumps(message).encode(), timeout=30).read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.note = {
            "method": self.command, "path": self.path, "agent": self.headers.get("User-Agent"),
            "cookie": self.headers.get("Cookie"), "bytes": len(self.body),
        }
        self.server.seen.append(self.note)
        if self.path == HEALTH:
            self.whole(204)
        elif self.path != REGISTRATION:
            self.whole(404, "404 page not found")
        else:
            self.register()

    do_GET = do_HEAD = do_POST = do_PUT = handle_one

    def whole(self, status, text="", **headers):
        self.note["status"] = status
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def backend(self):
        """Where the request goes, and the cookie that says so."""
        cookie = http.cookies.SimpleCookie(self.headers.get("Cookie") or "").get("affinity")
        if cookie is None:
            number = self.server.next_backend
            self.server.next_backend = (number + 1) % len(self.server.backends)
        else:
            number = int(cookie.value) % len(self.server.backends)
        return self.server.backends[number], f"affinity={number}; Path=/; HttpOnly; SameSite=None"

    def register(self):
        backend, cookie = self.backend()
        authorization = self.headers.get("Authorization")
        if self.server.manner == "wait" and authorization and "opaque=" not in authorization:
            # A server need not know that clients can begin.
            authorization = None
        key, words = backend.check(authorization, self.headers.get("Host"))
        if key is None:
            self.note["flow"] = "challenged"
            return self.whole(401, WWW_Authenticate=words, Set_Cookie=cookie)
        self.note["flow"] = backend.flows[-1]
        try:
            text = getattr(self, "play_" + self.server.manner)(peer_id(key), **self.server.options)
        except Refusal as refusal:
            return self.whole(refusal.status, str(refusal), Authentication_Info=words, Set_Cookie=cookie)
        except Answered as answered:
            return self.whole(**answered.answer, Authentication_Info=words, Set_Cookie=cookie)
        self.whole(200, text, Authentication_Info=words, Set_Cookie=cookie)

    # Manners.

    def play_good(self, peer, token=None, writes=True):
        if token is not None and self.headers.get("Forge-Authorization") != token:
            raise Refusal(403, "403 Forbidden: Missing Forge-Authorization header.")
        if self.command != "POST":
            raise Refusal(400, "method must be POST")
        value, addresses = registration(self.body)
        self.note["addresses"] = addresses
        self.note["peer"] = base58.b58encode(peer).decode()
        self.note["domain"] = f"{label(peer)}.{self.server.domain}"
        self.note["dialled"] = self.server.dial(peer, addresses)
        if writes:
            self.server.write(peer, value)
        return ""

    # The one lets itself be challenged only; the other one's proofs are for another host.
    play_wait = play_forge = play_good

    def play_hold(self, peer):
        """Does it when the test says so."""
        self.server.gate.wait(HANG_SECONDS)
        return self.play_good(peer)

    def play_status(self, _, status, text="", retry_after=None):
        raise Answered(status=status, text=text, Retry_After=retry_after)

    def play_giant(self, _):
        return "a" * 1_000_000


class Answered(Exception):
    def __init__(self, **answer):
        super().__init__()
        self.answer = answer


def say(**message):
    print(json.dumps(message), flush=True)


def call(broker, request):
    try:
        say(result=getattr(broker, request.pop("call"))(**request))
    except Exception as error:
        say(error=f"{type(error).__name__}: {error}")


async def main(options):
    host = new_host()
    async with host.run(listen_addrs=[]):
        broker = Broker(options, host, trio.lowlevel.current_trio_token())
        threading.Thread(target=broker.serve_forever, daemon=True).start()
        say(event="started", url=broker.url)
        while line := await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
            call(broker, json.loads(line))
        # Requests that hang are left where they are.
        os._exit(0)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domain", required=True, help="the domain that it controls")
    parser.add_argument("--management", required=True, help="the URL by which records are written")
    parser.add_argument("--certificate", help="the chain with which it speaks TLS")
    parser.add_argument("--key", help="the chain's key")
    return parser.parse_args()


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    trio.run(main, arguments())
