import Foundation
import Testing

/// A name that a node has by AutoTLS for its loopback address, and the port at which it is reached by it.
struct AnnouncedName {
    let host: String
    var port: UInt16

    /// The peer's own domain.
    var domain: String { String(host.drop { $0 != "." }.dropFirst()) }

    /// How a node tells it, in this order.
    var addresses: [String] {
        [
            "/dns4/\(host)/tcp/\(port)/wss", "/dns4/\(host)/tcp/\(port)/tls/ws",
            "/ip4/127.0.0.1/tcp/\(port)/tls/sni/\(host)/ws",
        ]
    }

    /// The same with the node's peer id.
    func addresses(of node: NodeProcess) -> [String] { addresses.map { "\($0)/p2p/\(node.id)" } }
}

extension NodeProcess {
    /// Waits until the node says by which name it is reached over TLS.
    func nameByAutoTLS() async throws -> AnnouncedName {
        let line = try await process.errors.take("the announcement in the log") { lines in
            lines.first { $0.contains("addresses over TLS are announced") }
        }
        guard let match = line.firstMatch(of: /\/dns4\/(127-0-0-1\.[a-z0-9.]+)\/tcp\/(\d+)\/wss/),
            let port = UInt16(match.2)
        else { throw InteropError("no name by AutoTLS in \(line)") }
        return AnnouncedName(host: String(match.1), port: port)
    }

    /// The port of the front door over TLS.
    func securePort() throws -> UInt16 {
        guard let port = https?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw InteropError("the node has no front door over TLS")
        }
        return port
    }
}

extension PebbleAuthority {
    /// The flags with which a node orders its certificates here, and asks the name server that goes with it.
    var resolvingFlags: [String] { flags + ["--dns-server", nameServer] }
}

extension Lab {
    /// Opens a name as clients do: openssl believes its certificate, curl speaks HTTP/2, and py-libp2p dials it and pings.
    func dial(_ name: AnnouncedName, at node: NodeProcess, by authority: PebbleAuthority) async throws {
        let certificate = try await trusted(name.host, at: name.port, by: authority)
        #expect(certificate.names == "DNS:*.\(name.domain)")
        let root = try await authority.root()
        let page = try await run(
            "curl", "--silent", "--fail", "--cacert", root, "--resolve", "\(name.host):\(name.port):127.0.0.1",
            "--output", "/dev/null", "--write-out", "%{http_version}", "https://\(name.host):\(name.port)/")
        #expect(page.output == ["2"])
        let peer = try await pythonPeer(
            .init(transport: "ws"), ["--trust", root, "--name-server", authority.nameServer])
        // The older form: py-libp2p does not dial the other ones.
        _ = try await peer.call("connect", ["address": .string(name.addresses(of: node)[0])])
        #expect(try await peer.call("ping", ["peer": .string(node.id), "count": 3]).array?.count == 3)
    }

    /// Several files as one.
    func joined(_ files: String...) throws -> String {
        let path = path("joined")
        try files.map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
            .write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
