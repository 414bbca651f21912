"""WebSockets over TLS that are held open, driven through standard input and output, one JSON object a line.

Each is a peer at the star (Engine.IO 4) that has joined. Arguments: the port on this machine, the name to ask for, a file of
roots, and how many. The first line that is printed says that all are open. For each line of input every peer sends its
neighbour an offer, and {"heard": N} says how many of these arrived. Pings are answered meanwhile. It ends when standard input does.
"""

import json
import select
import socket
import ssl
import sys
import time

import websocket

LIMIT_SECONDS = 60


class Held:
    def __init__(self, number, context, port, name):
        plain = socket.create_connection(("127.0.0.1", port), LIMIT_SECONDS)
        secured = context.wrap_socket(plain, server_hostname=name)
        self.address = f"/dns4/{name}/tcp/443/wss/p2p-webrtc-star/p2p/peer-{number}"
        self.web = websocket.create_connection(
            f"wss://{name}/socket.io/?EIO=4&transport=websocket", socket=secured, timeout=LIMIT_SECONDS)
        assert self.web.recv().startswith("0{"), "no open packet"
        self.web.send("40")
        while not self.web.recv().startswith("40"):
            pass
        self.say("ss-join", self.address)

    def say(self, event, argument):
        self.web.send("42" + json.dumps([event, argument]))

    def offer(self, other, intent):
        self.say("ss-handshake", {
            "intentId": intent, "srcMultiaddr": self.address, "dstMultiaddr": other.address,
            "signal": {"type": "offer", "sdp": "v=0"}})

    def next_event(self):
        """Reads one message, and answers it if it is a ping."""
        text = self.web.recv()
        if text == "2":
            self.web.send("3")
        return json.loads(text[2:]) if text.startswith("42") else [None]


class Round:
    """The peers that have not got their offer yet."""

    def __init__(self, peers, intent):
        for peer, other in zip(peers, peers[1:] + peers[:1]):
            peer.offer(other, intent)
        self.intent = intent
        self.waiting = set(peers)
        self.end = time.monotonic() + LIMIT_SECONDS

    def is_over(self):
        return not self.waiting or time.monotonic() > self.end


def main():
    port, name, roots, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    context = ssl.create_default_context(cafile=roots)
    peers = [Held(number, context, port, name) for number in range(count)]
    print(json.dumps({"open": len(peers)}), flush=True)
    alive = {peer.web.sock: peer for peer in peers}
    current, number = None, 0
    while True:
        # What TLS has read already is no news for select.
        ready = [sock for sock in alive if sock.pending()]
        ready += select.select([sys.stdin, *alive], [], [], 0 if ready else 1)[0]
        for source in ready:
            if source is sys.stdin:
                if not sys.stdin.readline():
                    return
                number += 1
                current = Round(list(alive.values()), f"round-{number}")
            elif source in alive:
                try:
                    event = alive[source].next_event()
                except (websocket.WebSocketException, OSError):
                    del alive[source]
                    continue
                if current and event[0] == "ws-handshake" and event[1]["intentId"] == current.intent:
                    current.waiting.discard(alive[source])
        if current and current.is_over():
            print(json.dumps({"heard": len(alive) - len(current.waiting)}), flush=True)
            current = None


main()
