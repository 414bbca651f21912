"""The calls of ipfs-http-client 47 to 49, and of the delegated routing modules of 2020 and 2021 that stand upon it.

Written from what those send and how they read it: the order of parameters, the forms, what ends a call with an error.
Whatever they would not understand is an error here too.
"""

import base64
import json
import secrets
import urllib.parse

import base58

from http_lines import Exchange, HTTPFailure
from old_names import old_address, old_cid

PROVIDER, FINAL_PEER, PEER_RESPONSE, VALUE = 4, 2, 1, 5

# What node-fetch 2 sends, and a browser from a page of another origin.
NODE = {
    "Accept": "*/*",
    "User-Agent": "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "Accept-Encoding": "gzip,deflate",
    "Connection": "close",
}
BROWSER = {
    "Accept": "*/*",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:84.0) Gecko/20100101 Firefox/84.0",
    "Accept-Encoding": "gzip, deflate",
    "Origin": "https://app.example.org",
    "Referer": "https://app.example.org/",
    "Connection": "close",
}


class OldClient:
    """ipfs-http-client. Every request is noted as method and target."""

    def __init__(self, url, browser=False):
        self.url = url + "/api/v0/"
        self.headers = BROWSER if browser else NODE
        self.requests = []
        self.trailers = {}

    def post(self, path, arguments=(), form=None, **options):
        """Options come before arguments; a number of milliseconds gets its unit; what is not set is left out."""
        if options.get("timeout"):
            options["timeout"] = f"{options['timeout']}ms"
        query = [(name.replace("_", "-"), value) for name, value in options.items() if value is not None]
        query = [(name, str(value).lower() if value in (True, False) else value) for name, value in query]
        query += [("arg", argument) for argument in arguments]
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        self.requests.append(f"POST /api/v0/{target}")
        headers = dict(self.headers)
        body = None
        if form is not None:
            boundary = "-" * 29 + secrets.token_urlsafe(15)
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
            body = (
                f"--{boundary}\r\n"
                'Content-Disposition: form-data; name="file"; filename=""\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            ).encode() + form + f"\r\n--{boundary}--\r\n".encode()
        exchange = Exchange("POST", self.url + target, headers, body)
        if not 200 <= exchange.status < 300:
            raise self.failure(exchange)
        self.exchange = exchange
        return exchange

    @staticmethod
    def failure(exchange):
        """The message is all that callers look at."""
        text = exchange.body().decode()
        if (exchange.headers.get("Content-Type") or "").startswith("application/json"):
            text = json.loads(text)["Message"]
        return HTTPFailure(exchange.status, text)

    def events(self, path, arguments, form=None, **options):
        exchange = self.post(path, arguments, form, **options)
        yield from exchange.ndjson()
        self.trailers = exchange.trailers

    @staticmethod
    def peers(event):
        return [
            {"id": response["ID"], "addrs": [old_address(text) for text in response["Addrs"] or []]}
            for response in event["Responses"] or []
        ]

    def find_provs(self, cid, **options):
        for event in self.events("dht/findprovs", [old_cid(cid)], **options):
            if event["Type"] == PROVIDER and event["Responses"]:
                yield from self.peers(event)

    def find_peer(self, peer, **options):
        for event in self.events("dht/findpeer", [peer], **options):
            if event["Type"] == FINAL_PEER and event["Responses"]:
                # The rest is not read.
                self.exchange.close()
                return self.peers(event)[0]
        raise HTTPFailure(200, "not found")

    def query(self, peer, **options):
        """A CID is made of the ID of every line."""
        for event in self.events("dht/query", [old_cid(peer)], **options):
            yield {"id": old_cid(event["ID"]), "type": event["Type"], "responses": self.peers(event)}

    def provide(self, cid, **options):
        for event in self.events("dht/provide", [old_cid(cid)], **options):
            yield {"id": old_cid(event["ID"]), "type": event["Type"], "responses": self.peers(event)}

    def put(self, key, value, **options):
        for event in self.events("dht/put", [key], value, **options):
            yield {"id": old_cid(event["ID"]), "type": event["Type"], "responses": self.peers(event)}

    def get(self, key, **options):
        for event in self.events("dht/get", [key], **options):
            if event["Type"] == VALUE:
                return base64.b64decode(event["Extra"], validate=True)
        raise HTTPFailure(200, "not found")

    def refs(self, path, **options):
        for line in self.events("refs", [path], **options):
            yield {"ref": line["Ref"], "err": line["Err"]}

    def block_stat(self, cid, **options):
        data = json.loads(self.post("block/stat", [old_cid(cid)], **options).body())
        return {"cid": old_cid(data["Key"]), "size": data["Size"]}

    def block_get(self, cid, **options):
        return self.post("block/get", [old_cid(cid)], **options).body()

    def swarm_connect(self, *addresses, **options):
        return json.loads(self.post("swarm/connect", addresses, **options).body())["Strings"] or []

    def id(self, **options):
        data = json.loads(self.post("id", **options).body())
        for address in data["Addresses"] or []:
            old_address(address)
        return {"id": data["ID"], "addresses": data["Addresses"], "agent": data["AgentVersion"]}

    def preload(self, path):
        """What the preload module of js-ipfs asks of its nodes: all is read and nothing is looked at."""
        target = f"refs?r=true&arg={urllib.parse.quote(path, safe='')}"
        self.requests.append(f"POST /api/v0/{target}")
        exchange = Exchange("POST", self.url + target, self.headers)
        if exchange.status != 200:
            raise self.failure(exchange)
        return len(exchange.body())


def peer_id(text):
    """peer-id 0.14 makes an id of a CID whose codec is dag-pb or libp2p-key."""
    old_cid(text)
    if text[0] not in "1Q":
        raise ValueError(f"{text} is no peer id in base 58")
    return text


class OldRouting:
    """libp2p-delegated-content-routing and libp2p-delegated-peer-routing, version 0.8 or 0.9."""

    TIMEOUT = 30_000

    def __init__(self, client, version="0.8"):
        self.client = client
        self.version = version

    def find_providers(self, cid, count=None):
        found = self.client.find_provs(cid, num_providers=count, timeout=self.TIMEOUT)
        return [{"id": peer_id(peer["id"]), "multiaddrs": peer["addrs"]} for peer in found]

    def provide(self, cid):
        """Until 0.8 the node was asked for the links of a block, so that it would fetch the block and tell of it."""
        if self.version == "0.8":
            return list(self.client.refs(cid, recursive=False))
        self.client.block_stat(cid)
        return list(self.client.provide(cid))

    def find_peer(self, peer):
        try:
            found = self.client.find_peer(peer, timeout=self.TIMEOUT)
        except HTTPFailure as error:
            if "not found" in str(error):
                return None
            raise
        return {"id": peer, "multiaddrs": found["addrs"]}

    def closest_peers(self, key):
        """`key` is binary: a CID of it is what is asked for."""
        named = {}
        nearest = []
        for event in self.client.query(base58.b58encode(bytes.fromhex(key)).decode(), timeout=self.TIMEOUT):
            if event["type"] == PEER_RESPONSE:
                for peer in event["responses"]:
                    named[peer["id"]] = {"id": peer_id(peer["id"]), "multiaddrs": peer["addrs"]}
            elif event["type"] == FINAL_PEER:
                nearest.append(named.get(event["id"]) or {"id": peer_id(event["id"]), "multiaddrs": []})
        return nearest
