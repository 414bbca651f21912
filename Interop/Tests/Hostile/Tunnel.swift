/// The inside of a connection: `Interop/python/tunnel.py` performs the handshake, the test writes the muxer's frames.
struct Tunnel {
    let port: Int

    /// A new connection to the target, on which the muxer has been agreed.
    func connect() async throws -> Socket {
        try await Socket.connect(port: port)
    }
}

extension Lab {
    /// `muxer` is a protocol id; with none the connection begins after the security handshake.
    func tunnel(to target: String, muxer: String? = "/yamux/1.0.0", security: String = "noise") async throws -> Tunnel {
        var arguments = [tools.pythonScript("tunnel.py"), target, "--security", security]
        if let muxer { arguments += ["--muxer", muxer] }
        let process = try await start(name: "tunnel", tools.python, arguments, readsInput: true)
        let line = try await process.output.take("the tunnel's start") { $0.first }
        guard case .number(let port)? = try JSONValue(parsing: line)["port"] else {
            throw InteropError("the tunnel says \(line)")
        }
        return Tunnel(port: Int(port))
    }
}
