"""Authentication by peer id over HTTP, written from libp2p/specs http/peer-id-auth.md: both sides, for tests of ours.

The words of a challenge are signed as they stand in the header; keys go into the signed bytes raw.
"""

import base64
import re
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

SCHEME = "libp2p-PeerID"


def encode(data):
    return base64.urlsafe_b64encode(data).decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def signed_bytes(**parameters):
    out = SCHEME.encode()
    for name in sorted(parameters):
        value = parameters[name]
        part = name.replace("_", "-").encode() + b"=" + (value if isinstance(value, bytes) else value.encode())
        out += varint(len(part)) + part
    return out


def header(**parameters):
    return SCHEME + " " + ", ".join(f'{name.replace("_", "-")}="{value}"' for name, value in parameters.items())


def read_header(text):
    """The parameters of the scheme; None when the header is of another one."""
    if not text or not text.startswith(SCHEME + " "):
        return None
    return dict(re.findall(r'([a-z-]+)="([^"]*)"', text))


def fields(protobuf):
    """Type and bytes of a key in protobuf form."""
    assert protobuf[0] == 0x08 and protobuf[2] == 0x12
    length, shift, index = 0, 0, 3
    while True:
        byte = protobuf[index]
        length |= (byte & 0x7F) << shift
        shift, index = shift + 7, index + 1
        if byte < 0x80:
            break
    assert len(protobuf) == index + length
    return protobuf[1], protobuf[index:]


def verify(key, signature, data):
    kind, raw = fields(key)
    try:
        if kind == 1:
            ed25519.Ed25519PublicKey.from_public_bytes(raw).verify(signature, data)
        elif kind == 0:
            serialization.load_der_public_key(raw).verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        elif kind == 2:
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), raw)
            public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        else:
            serialization.load_der_public_key(raw).verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


class Identity:
    """An Ed25519 peer."""

    def __init__(self, seed=None):
        self.private = ed25519.Ed25519PrivateKey.from_private_bytes(seed or secrets.token_bytes(32))
        raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.public = b"\x08\x01\x12\x20" + raw

    def sign(self, **parameters):
        return encode(self.private.sign(signed_bytes(**parameters)))


class Server:
    """Remembers its challenges, unlike ours, and takes each but once."""

    def __init__(self, identity):
        self.identity = identity
        self.challenges = {}
        self.tokens = {}
        self.forges = False
        self.flows = []

    def check(self, authorization, hostname):
        """The client's public key and the `Authentication-Info`, or None and a `WWW-Authenticate`."""
        given = read_header(authorization)
        if given is None:
            return None, self.challenge(hostname, None, {})
        if token := given.get("bearer"):
            if self.tokens.get(token, (None, None))[1] == hostname:
                self.flows.append("token")
                return self.tokens[token][0], None
            return None, self.challenge(hostname, None, {})
        if "opaque" not in given:
            key = decode(given["public-key"])
            sig = self.prove(given["challenge-server"], key, hostname)
            return None, self.challenge(hostname, key, {"sig": sig})
        known = self.challenges.pop(given["opaque"], None)
        if known is None:
            return None, self.challenge(hostname, None, {})
        challenge, began = known
        key = began or decode(given["public-key"])
        data = signed_bytes(challenge_client=challenge, hostname=hostname, server_public_key=self.identity.public)
        if not verify(key, decode(given["sig"]), data):
            return None, self.challenge(hostname, None, {})
        token = encode(secrets.token_bytes(24))
        self.tokens[token] = (key, hostname)
        self.flows.append("client initiated" if began else "server initiated")
        if began:
            return key, header(bearer=token)
        return key, header(sig=self.prove(given["challenge-server"], key, hostname), bearer=token)

    def challenge(self, hostname, client_key, more):
        challenge, opaque = encode(secrets.token_bytes(24)), encode(secrets.token_bytes(24))
        self.challenges[opaque] = (challenge, client_key)
        return header(
            challenge_client=challenge, public_key=encode(self.identity.public), **more, opaque=opaque)

    def prove(self, challenge, client_key, hostname):
        hostname = "somewhere.else" if self.forges else hostname
        return self.identity.sign(
            challenge_server=challenge, client_public_key=client_key, hostname=hostname)


def authenticate(ask, identity, hostname, begins):
    """Walks the handshake of a client. `ask` makes a request with an `Authorization` and returns status and headers."""
    own = encode(secrets.token_bytes(24))
    mine = encode(identity.public)
    status, headers = ask(header(challenge_server=own, public_key=mine) if begins else None)
    if status != 401:
        return status, None, None
    given = read_header(headers["WWW-Authenticate"])
    server = decode(given["public-key"])
    sig = identity.sign(challenge_client=given["challenge-client"], hostname=hostname, server_public_key=server)
    proof = signed_bytes(challenge_server=own, client_public_key=identity.public, hostname=hostname)
    if begins and "sig" in given:
        assert verify(server, decode(given["sig"]), proof), "the server's proof is wrong"
        status, headers = ask(header(opaque=given["opaque"], sig=sig))
        info = read_header(headers.get("Authentication-Info"))
    else:
        status, headers = ask(header(public_key=mine, opaque=given["opaque"], challenge_server=own, sig=sig))
        info = read_header(headers.get("Authentication-Info"))
        if info is not None:
            assert verify(server, decode(info["sig"]), proof), "the server's proof is wrong"
    return status, server, info and header(bearer=info["bearer"])
