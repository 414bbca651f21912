import Foundation

/// go-libp2p's daemon, started by the test and driven through its control socket.
struct P2PDaemon {
    let process: ChildProcess
    /// The peer id in base58.
    let id: String
    /// The peer id's bytes.
    let idBytes: [UInt8]
    /// Its listen addresses as multiaddrs in text, without the peer id.
    let addresses: [String]
    /// The same in bytes.
    let addressBytes: [[UInt8]]

    let control: String

    /// Its address for the transport, with the peer id.
    func address(webSocket: Bool = false) throws -> String {
        guard let address = addresses.first(where: { $0.hasSuffix("/ws") == webSocket }) else {
            throw InteropError("the daemon listens on \(addresses), not on \(webSocket ? "WebSocket" : "TCP")")
        }
        return "\(address)/p2p/\(id)"
    }
}

extension Lab {
    /// Starts a daemon that is a DHT server and joins through `bootstrap`.
    func daemon(
        listen: [String] = ["/ip4/127.0.0.1/tcp/0"], bootstrap: [String] = [], mode: String = "-dhtServer",
        _ more: [String] = []
    ) async throws -> P2PDaemon {
        let control = path("p2pd")
        var arguments = ["-listen", "/unix\(control)", "-hostAddrs", listen.joined(separator: ","), mode]
        if !bootstrap.isEmpty {
            arguments += ["-b", "-bootstrapPeers", bootstrap.joined(separator: ",")]
        }
        let process = try await start(name: "p2pd", tools.daemon, arguments + more)
        let prefix = "Peer ID: "
        let line = try await process.output.take("the daemon's peer id") { lines in
            lines.first { $0.hasPrefix(prefix) }
        }
        let addresses = try await process.output.take("the daemon's addresses") { lines in
            let addresses = lines.filter { $0.hasPrefix("/") }
            return addresses.count >= listen.count ? addresses : nil
        }
        let identity = try await DaemonRequest.identify(control: control)
        return P2PDaemon(
            process: process, id: String(line.dropFirst(prefix.count)), idBytes: identity.id, addresses: addresses,
            addressBytes: identity.addresses, control: control)
    }
}
