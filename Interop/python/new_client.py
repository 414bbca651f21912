"""The calls of today's client of Delegated Routing V1, `@helia/delegated-routing-v1-http-api-client`.

Written from what that one sends and how it reads the answers: both forms of lists, records that it passes over, and what
counts as nothing found.
"""

import json
import urllib.parse

import base58
import multiaddr
from libp2p.bitswap.cid import parse_cid

from http_lines import Exchange, HTTPFailure
from old_names import check_multihash

RECORD = "application/vnd.ipfs.ipns-record"
# What node's own fetch adds.
NODE = {"User-Agent": "node", "Accept-Language": "*", "Sec-Fetch-Mode": "cors", "Accept-Encoding": "gzip, deflate"}


class NewClient:
    """One server's client. Every request is noted as method and target."""

    def __init__(self, url):
        self.url = url + "/"
        self.requests = []

    def ask(self, method, path, headers, filters=None, body=None):
        query = {f"filter-{name}": ",".join(values) for name, values in (filters or {}).items() if values}
        target = "routing/v1/" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        self.requests.append(f"{method} /{target}")
        return Exchange(method, self.url + target, {**NODE, **headers}, body)

    def records(self, path, accept, name, filters, strict):
        exchange = self.ask("GET", path, {"Accept": accept}, filters)
        if exchange.status == 404:
            exchange.close()
            return []
        if exchange.status == 422:
            exchange.close()
            raise HTTPFailure(422, "Request does not conform to schema or semantic constraints")
        if strict and exchange.status != 200:
            exchange.close()
            raise HTTPFailure(exchange.status, f"Unexpected status code: {exchange.status}")
        kind = exchange.headers.get("Content-Type") or ""
        if kind.startswith("application/json"):
            found = json.loads(exchange.body())[name] or []
        elif "application/x-ndjson" in kind or not strict:
            found = list(exchange.ndjson())
        else:
            raise HTTPFailure(exchange.status, f"Unsupported Content-Type: {kind}")
        self.kind = kind
        self.cache_control = exchange.headers.get("Cache-Control")
        return [record for record in map(conformed, found) if record]

    def get_providers(self, cid, filters=None, accept="application/x-ndjson, application/json;q=0.8"):
        return self.records(f"providers/{named(cid)}", accept, "Providers", filters, strict=True)

    def get_peers(self, cid, filters=None):
        return self.records(f"peers/{named(cid)}", "application/x-ndjson", "Peers", filters, strict=False)

    def get_closest_peers(self, cid, filters=None):
        return self.records(
            f"dht/closest/peers/{named(cid)}", "application/x-ndjson", "Peers", filters, strict=False)

    def get_ipns(self, name):
        exchange = self.ask("GET", f"ipns/{name}", {"Accept": RECORD})
        if exchange.status == 422:
            raise HTTPFailure(422, "Request does not conform to schema or semantic constraints")
        body = exchange.body()
        if exchange.status not in (200, 404):
            raise HTTPFailure(exchange.status, f"Unexpected status code: {exchange.status}")
        # Whatever has another type says that there is none.
        if exchange.status == 404 or RECORD not in (exchange.headers.get("Content-Type") or ""):
            return None
        names = ("Cache-Control", "Etag", "Expires", "Vary", "Content-Type")
        return {"record": body.hex(), "headers": {name.lower(): exchange.headers.get(name) for name in names}}

    def put_ipns(self, name, record):
        exchange = self.ask("PUT", f"ipns/{name}", {"Content-Type": RECORD, "Accept": "*/*"}, body=bytes.fromhex(record))
        text = exchange.body().decode()
        if exchange.status != 200:
            raise HTTPFailure(exchange.status, text)
        return True


def named(cid):
    """A CID as it is written: the client has it as a value, not as text."""
    parse_cid(cid)
    return cid


def conformed(record):
    """A record as the client hands it on; None for one that it cannot read."""
    try:
        check_multihash(base58.b58decode(record["ID"]))
        addresses = [str(multiaddr.Multiaddr(text)) for text in record.get("Addrs") or []]
        protocols = list(record.get("Protocols") or [])
        if "Protocol" in record:
            protocols.append(record["Protocol"])
        return {"id": record["ID"], "addresses": addresses, "protocols": protocols}
    except (KeyError, ValueError, multiaddr.exceptions.Error):
        return None
