"""Thousands of peers at a star in one process, driven through standard input and output, one JSON object a line.

Each is a WebSocket of Engine.IO 3, whose clients ping by themselves, so that what comes need only be counted. Addresses
have one length, so every announcement has; a few peers, the listeners, read theirs. Each request {"call": NAME, …} is
answered by one line: {"result": …}. It ends when standard input does.
"""

import errno
import json
import os
import select
import socket
import sys
import time

PING_SECONDS = 15
# Connections that are being made at a time.
WINDOW = 256
LISTENERS = 4
# Real ones are three times as long; so much more to copy would only test the machine.
ADDRESS = "/dns4/star.example/{:09d}"

REQUEST = (
    "GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()


def frame(text):
    """A text frame whose mask changes nothing."""
    payload = text.encode()
    assert len(payload) < 65536
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload



class Peer:
    __slots__ = ("socket", "address", "opening", "received", "text", "heard", "pinged")

    def __init__(self, address, listens):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.address = address
        self.opening = b""
        self.received = 0
        self.heard = [] if listens else None
        self.text = b""
        self.pinged = 0


class Crowd:
    def __init__(self):
        self.epoll = select.epoll()
        self.epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        self.peers = {}
        self.opening = 0
        self.connected = 0
        self.lost = []
        self.buffer = bytearray(1 << 20)
        self.commands = b""

    def start(self, port, address, listens):
        peer = Peer(address, listens)
        try:
            peer.socket.connect(("127.0.0.1", port))
        except BlockingIOError:
            pass
        self.peers[peer.socket.fileno()] = peer
        self.epoll.register(peer.socket.fileno(), select.EPOLLOUT)
        self.opening += 1

    def lose(self, peer, reason):
        if peer.opening is not None:
            self.opening -= 1
        self.lost.append(f"{peer.address}: {reason}")
        del self.peers[peer.socket.fileno()]
        peer.socket.close()

    def on_event(self, number, events):
        peer = self.peers.get(number)
        if peer is None:
            return
        try:
            if events & select.EPOLLOUT:
                error = peer.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    return self.lose(peer, os.strerror(error))
                peer.socket.send(REQUEST)
                return self.epoll.modify(number, select.EPOLLIN)
            count = peer.socket.recv_into(self.buffer)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EINTR):
                self.lose(peer, error.strerror)
            return
        if count == 0:
            return self.lose(peer, "the server closed it " + repr(bytes(peer.opening or b"")[:80]))
        if peer.opening is not None:
            self.on_opening(peer, bytes(self.buffer[:count]))
        else:
            peer.received += count
            if peer.heard is not None:
                self.listen(peer, bytes(self.buffer[:count]))

    def on_opening(self, peer, data):
        """The upgrade's answer, then the frames of engine.io's and socket.io's openings."""
        peer.opening += data
        end = peer.opening.find(b"\x81\x0240")
        if end < 0:
            return
        rest = peer.opening[end + 4:]
        peer.opening = None
        self.opening -= 1
        self.connected += 1
        peer.pinged = time.monotonic()
        peer.received = len(rest)
        if peer.heard is not None:
            self.listen(peer, rest)

    def listen(self, peer, data):
        data = peer.text + data
        start = 0
        while start + 4 <= len(data):
            length = data[start + 1]
            head = 2
            if length == 126:
                length = int.from_bytes(data[start + 2:start + 4], "big")
                head = 4
            end = start + head + length
            if end > len(data):
                break
            text = data[start + head:end].decode()
            if text.startswith("42"):
                name, address = json.loads(text[2:])
                assert name == "ws-peer", text
                peer.heard.append(address)
            start = end
        peer.text = data[start:]

    def run(self, until, seconds=None):
        """Serves all sockets until the condition holds, or for a time; tells whether it holds."""
        deadline = time.monotonic() + (600 if seconds is None else seconds)
        next_pings = 0
        while not until():
            now = time.monotonic()
            if now >= deadline:
                return False
            if now >= next_pings:
                self.ping(now)
                next_pings = now + 1
            for number, events in self.epoll.poll(min(0.2, deadline - now), 1024):
                if number == sys.stdin.fileno():
                    self.read_commands()
                else:
                    self.on_event(number, events)
        return True

    def ping(self, now):
        for peer in list(self.peers.values()):
            if peer.opening is None and now - peer.pinged > PING_SECONDS:
                peer.pinged = now
                self.send(peer, "2")

    def read_commands(self):
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            os._exit(0)
        self.commands += data

    def next_command(self):
        if b"\n" not in self.commands:
            self.run(lambda: b"\n" in self.commands)
        line, _, self.commands = self.commands.partition(b"\n")
        return json.loads(line)

    # The calls that a test can make.

    def connect(self, port, first, count, seconds):
        """Sockets with their namespace connected, each as soon as there is a place in the window."""
        started = time.monotonic()
        goal = self.connected + count
        numbers = iter(range(first, first + count))
        left = count

        def is_done():
            nonlocal left
            while left and self.opening < WINDOW:
                self.start(port, ADDRESS.format(next(numbers)), left > count - LISTENERS)
                left -= 1
            return not left and self.connected + len(self.lost) >= goal

        self.run(is_done, seconds)
        return {"connected": self.connected, "seconds": time.monotonic() - started, **self.losses()}

    def join(self, wave, seconds):
        """All of them join, so many at a time: the first listener hears of each wave before the next begins."""
        started = time.monotonic()
        peers = list(self.peers.values())
        listener = next(peer for peer in peers if peer.heard is not None)
        peers.remove(listener)
        self.send(listener, f'42["ss-join","{listener.address}"]')
        for start in range(0, len(peers), wave):
            for peer in peers[start:start + wave]:
                self.send(peer, f'42["ss-join","{peer.address}"]')
            last = peers[min(start + wave, len(peers)) - 1].address
            if not self.run(lambda: last in listener.heard or self.lost, started + seconds - time.monotonic()):
                break
            if self.lost:
                break
        return {"heard": len(set(listener.heard)), "seconds": time.monotonic() - started, **self.losses()}

    def send(self, peer, text):
        try:
            peer.socket.send(frame(text))
        except OSError as error:
            self.lose(peer, f"write: {error.strerror}")

    def watch(self, seconds, frame):
        """How many announcements each peer gets in this time, `frame` bytes each: the fewest and the most, and what the
        listeners heard."""
        before = {number: peer.received for number, peer in self.peers.items()}
        listeners = [peer for peer in self.peers.values() if peer.heard is not None]
        for peer in listeners:
            peer.heard.clear()
        self.run(lambda: False, seconds)
        counts = [
            (peer.received - before[number]) // frame for number, peer in self.peers.items() if number in before]
        return {
            "peers": len(self.peers), "fewest": min(counts, default=0), "most": max(counts, default=0),
            "heard": [{"count": len(peer.heard), "distinct": len(set(peer.heard)), "self": peer.address in peer.heard}
                      for peer in listeners],
            **self.losses(),
        }

    def losses(self):
        return {"lost": len(self.lost), "losses": self.lost[:5]}


def main():
    crowd = Crowd()
    while True:
        request = crowd.next_command()
        print(json.dumps({"result": getattr(crowd, request.pop("call"))(**request)}), flush=True)


if __name__ == "__main__":
    main()
