"""Makes a request as a peer that proves who it is by `libp2p-PeerID`, and tells what came of it as JSON.

The handshake is that of peer_id_auth.py. Behind it the same request is made once more with the token.
"""

import argparse
import json
import urllib.error
import urllib.parse
import urllib.request

import base58

from peer_id_auth import Identity, authenticate


def ask(options, authorization):
    request = urllib.request.Request(options.url, method="POST")
    if authorization:
        request.add_header("Authorization", authorization)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


def main(options):
    identity = Identity(bytes.fromhex(options.seed))
    hostname = urllib.parse.urlsplit(options.url).netloc
    status, server, token = authenticate(
        lambda authorization: ask(options, authorization), identity, options.hostname or hostname, options.begins)
    again = ask(options, token)[0] if token else None
    # The id of an Ed25519 key is the key itself.
    peer = base58.b58encode(b"\x00" + bytes([len(server)]) + server).decode() if server else None
    print(json.dumps({"status": status, "server": peer, "again": again}))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", required=True, help="32 bytes that the key is made from, in hex")
    parser.add_argument("--begins", action="store_true", help="challenge the server first")
    parser.add_argument("--hostname", help="the name to sign, if not that of the URL")
    parser.add_argument("url")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
