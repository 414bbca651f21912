"""Python's ssl at a TLS server: which versions and protocols it agrees on, and whether sessions are resumed.

It prints one JSON object for each connection; of those that are to be refused, what the server says. Its arguments are the port and a file of certificates to trust.
"""

import json
import socket
import ssl
import sys

LIMIT_SECONDS = 20


def context(trust, version, protocols):
    made = ssl.create_default_context(cafile=trust)
    made.minimum_version = made.maximum_version = version
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


def refusal(trust, version, port):
    """What the server says to a client that speaks this version and no newer one."""
    made = context(trust, version, [])
    # By itself OpenSSL of today would offer nothing that old, and no server would have to refuse it.
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    try:
        visit(made, port)
    except ssl.SSLError as error:
        print(json.dumps({"refused": error.reason}), flush=True)


def visit(made, port, session=None):
    """One connection with one request of HTTP/1.1, so that tickets have come when it ends."""
    with socket.create_connection(("localhost", port), LIMIT_SECONDS) as plain:
        with made.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            facts = {
                "version": connection.version(), "protocol": connection.selected_alpn_protocol(),
                "cipher": connection.cipher()[0], "resumed": connection.session_reused,
            }
            if facts["protocol"] != "h2":
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = b""
                while part := connection.recv(65536):
                    answer += part
                facts["status"] = answer.split(b" ", 2)[1].decode()
            print(json.dumps(facts), flush=True)
            return connection.session


def main():
    port, trust = int(sys.argv[1]), sys.argv[2]
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
        for protocols in [["h2", "http/1.1"], ["http/1.1"], ["http/1.1", "h2"], ["spdy/3"], []]:
            visit(context(trust, version, protocols), port)
        made = context(trust, version, ["http/1.1"])
        visit(made, port, visit(made, port))
    for version in [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]:
        refusal(trust, version, port)


if __name__ == "__main__":
    main()
