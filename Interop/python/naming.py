"""Names asked of one name server instead of the system's, for a peer in a test."""

import socket

import dns.asyncquery
import dns.message
import dns.rdatatype
import trio

LIMIT_SECONDS = 10


class NameServer(trio.abc.HostnameResolver):
    """Tells IPv4 addresses."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.host, self.port = host, int(port)

    async def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):
        name = host.decode() if isinstance(host, bytes) else host
        query = dns.message.make_query(name, dns.rdatatype.A)
        answer = await dns.asyncquery.udp(query, self.host, LIMIT_SECONDS, self.port)
        found = [record.address for records in answer.answer for record in records if record.rdtype == dns.rdatatype.A]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, f"{name} has no address")
        return [(socket.AF_INET, type or socket.SOCK_STREAM, proto, "", (address, port)) for address in found]

    async def getnameinfo(self, sockaddr, flags):
        raise NotImplementedError
