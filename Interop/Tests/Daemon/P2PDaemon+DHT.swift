/// The daemon's DHT client.
extension P2PDaemon {
    private enum Query: UInt64 {
        case findPeer = 0
        case findPeersConnectedToPeer = 1
        case findProviders = 2
        case getClosestPeers = 3
        case getPublicKey = 4
        case getValue = 5
        case searchValue = 6
        case putValue = 7
        case provide = 8
    }

    /// How long the daemon itself may take for a query.
    private static let limitSeconds: UInt64 = 20

    func findPeer(_ peer: [UInt8]) async throws -> DaemonPeer {
        let answer = try await single(.findPeer, [.bytes(2, peer)])
        return try DaemonPeer(try answer.message(2) ?? [])
    }

    func findPeersConnected(to peer: [UInt8]) async throws -> [DaemonPeer] {
        try await several(.findPeersConnectedToPeer, [.bytes(2, peer)]).map { try DaemonPeer(try $0.message(2) ?? []) }
    }

    /// `cid` in binary.
    func findProviders(_ cid: [UInt8], count: Int = 20) async throws -> [DaemonPeer] {
        try await several(.findProviders, [.bytes(3, cid), .varint(6, UInt64(count))])
            .map { try DaemonPeer(try $0.message(2) ?? []) }
    }

    func closestPeers(_ key: [UInt8]) async throws -> [[UInt8]] {
        try await several(.getClosestPeers, [.bytes(4, key)]).compactMap { $0.bytes(3) }
    }

    /// The public key as libp2p's protobuf.
    func publicKey(_ peer: [UInt8]) async throws -> [UInt8] {
        try await single(.getPublicKey, [.bytes(2, peer)]).bytes(3) ?? []
    }

    func value(_ key: [UInt8]) async throws -> [UInt8] {
        try await single(.getValue, [.bytes(4, key)]).bytes(3) ?? []
    }

    /// Values as they come, each better than the one before.
    func searchValue(_ key: [UInt8]) async throws -> [[UInt8]] {
        try await several(.searchValue, [.bytes(4, key)]).compactMap { $0.bytes(3) }
    }

    func putValue(_ key: [UInt8], _ value: [UInt8]) async throws {
        try await send(.putValue, [.bytes(4, key), .bytes(5, value)]).socket.close()
    }

    func provide(_ cid: [UInt8]) async throws {
        try await send(.provide, [.bytes(3, cid)]).socket.close()
    }

    private func send(
        _ query: Query, _ fields: [DaemonField]
    ) async throws -> (socket: Socket, answer: [DaemonField]) {
        try await DaemonRequest.send(
            .dht, [.varint(1, query.rawValue)] + fields + [.varint(7, Self.limitSeconds)], control: control)
    }

    private func single(_ query: Query, _ fields: [DaemonField]) async throws -> [DaemonField] {
        let (socket, answer) = try await send(query, fields)
        await socket.close()
        return try answer.message(5) ?? []
    }

    /// The answer opens a list (type 0); values (1) follow until its end (2).
    private func several(_ query: Query, _ fields: [DaemonField]) async throws -> [[DaemonField]] {
        let (socket, opening) = try await send(query, fields)
        guard try opening.message(5)?.varint(1) == 0 else { throw InteropError("the daemon opened no list") }
        var items: [[DaemonField]] = []
        while true {
            let item = try DaemonField.decode(try await socket.readDelimited())
            if item.varint(1) == 2 { break }
            items.append(item)
        }
        await socket.close()
        return items
    }
}
