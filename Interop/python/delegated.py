"""Clients of a delegate, driven through standard input and output, one JSON object a line.

Each request {"call": NAME, …} is answered by one line: {"result": …} or {"error": text, "status": number}. It ends when
standard input does.
"""

import argparse
import json
import sys

from http_lines import HTTPFailure
from new_client import NewClient
from old_client import OldClient, OldRouting


class Calls:
    """The calls that a test can make."""

    def __init__(self, options):
        self.client = OldClient(options.url, options.browser)
        self.old = OldRouting(self.client, options.routing)
        self.new = NewClient(options.url)

    # Clients of 2020.

    def old_find_providers(self, cid, count=None):
        return self.old.find_providers(cid, count)

    def old_find_peer(self, peer):
        return self.old.find_peer(peer)

    def old_closest_peers(self, key):
        return self.old.closest_peers(key)

    def old_provide(self, cid):
        return self.old.provide(cid)

    def old_preload(self, path):
        return self.client.preload(path)

    def old_refs(self, path, **options):
        return list(self.client.refs(path, **options))

    def old_block_stat(self, cid):
        return self.client.block_stat(cid)

    def old_block_get(self, cid):
        return self.client.block_get(cid).hex()

    def old_connect(self, addresses):
        return self.client.swarm_connect(*addresses)

    def old_id(self):
        return self.client.id()

    def old_put(self, key, value):
        return list(self.client.put(key, bytes.fromhex(value)))

    def old_get(self, key):
        return self.client.get(key).hex()

    def trailers(self):
        return self.client.trailers

    # Clients of today.

    def new_providers(self, cid, filters=None):
        return self.new.get_providers(cid, filters)

    def new_providers_as_json(self, cid):
        return self.new.get_providers(cid, accept="application/json")

    def new_peers(self, cid, filters=None):
        return self.new.get_peers(cid, filters)

    def new_closest_peers(self, cid):
        return self.new.get_closest_peers(cid)

    def new_get_ipns(self, name):
        return self.new.get_ipns(name)

    def new_put_ipns(self, name, record):
        return self.new.put_ipns(name, record)

    def form(self):
        """How the last list came."""
        return {"type": self.new.kind, "caching": self.new.cache_control}

    def requests(self):
        """What both asked since the last call."""
        asked = self.client.requests + self.new.requests
        self.client.requests, self.new.requests = [], []
        return asked


def answer(calls, request):
    try:
        return {"result": getattr(calls, request.pop("call"))(**request)}
    except HTTPFailure as error:
        return {"error": str(error), "status": error.status}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main(options):
    calls = Calls(options)
    while line := sys.stdin.readline():
        sys.stdout.write(json.dumps(answer(calls, json.loads(line))) + "\n")
        sys.stdout.flush()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true", help="send what a browser sends from a page of another origin")
    parser.add_argument("--routing", choices=["0.8", "0.9"], default="0.8", help="the version of the routing modules")
    parser.add_argument("url", help="the delegate's, without a path")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
