"""A peer at a webrtc-star signalling server, driven through standard input and output, one JSON object a line.

It is a real socket.io client: the python-socketio that PYTHONPATH leads to. The first line it prints is
{"event": "started", "version": …}. Then each request {"call": NAME, …} is answered by one line, {"result": …} or
{"error": text}. In between come the lines of what the server said, in its order: {"event": "ws-peer", "arguments": […]},
{"event": "ws-handshake", "arguments": […]}, {"event": "disconnected"}. It ends when standard input does.
"""

import importlib.metadata
import json
import os
import sys
import threading

import socketio

CALL_LIMIT_SECONDS = 30

# "upgrade" begins by polling and moves to WebSocket, as browsers do.
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}

output = threading.Lock()


def say(**values):
    with output:
        print(json.dumps(values), flush=True)


class StarPeer:
    """The calls that a test can make."""

    def __init__(self):
        self.client = socketio.Client(reconnection=False)
        self.is_connected = threading.Event()
        self.client.on("connect", self.is_connected.set)
        self.client.on("disconnect", lambda *_: say(event="disconnected"))
        for name in ["ws-peer", "ws-handshake"]:
            self.client.on(name, lambda *arguments, name=name: say(event=name, arguments=arguments))

    def connect(self, url, transport, path="socket.io", headers={}):
        """Tells the transport that is in use in the end."""
        self.client.connect(url, headers=headers, transports=TRANSPORTS[transport], socketio_path=path)
        if not self.is_connected.wait(CALL_LIMIT_SECONDS):
            raise TimeoutError("the namespace was not connected")
        return self.client.transport()

    def emit(self, event, arguments):
        self.client.emit(event, tuple(arguments) if arguments else None)

    def request(self, event, arguments):
        """An event that is acknowledged; tells the acknowledgement's arguments."""
        data = tuple(arguments) if arguments else None
        return self.client.call(event, data, timeout=CALL_LIMIT_SECONDS)

    def disconnect(self):
        # The library forgets its goodbye if it is still writing something else then.
        self.client.eio.queue.join()
        self.client.disconnect()


def main():
    # A proxy for the world outside is none for loopback.
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    peer = StarPeer()
    say(event="started", version=importlib.metadata.version("python-socketio"))
    for line in sys.stdin:
        request = json.loads(line)
        name = request.pop("call")
        try:
            say(result=getattr(peer, name)(**request))
        except Exception as error:
            say(error=f"{type(error).__name__}: {error}")
    # Without the good manners of the library's threads, which may be waiting for the server.
    os._exit(0)


if __name__ == "__main__":
    main()
