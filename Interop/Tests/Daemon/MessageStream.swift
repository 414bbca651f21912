/// A stream that a daemon opened and on which the test speaks the messages itself: one request to one peer, without
/// the lookups and caches of an implementation between.
struct MessageStream {
    let socket: Socket

    static func open(
        _ daemon: P2PDaemon, _ peer: [UInt8], protocolID: String = "/ipfs/kad/1.0.0"
    ) async throws -> MessageStream {
        MessageStream(socket: try await daemon.openStream(peer, [protocolID]))
    }

    func findNode(_ peer: [UInt8]) async throws -> [DaemonPeer] {
        try await ask([.varint(1, 4), .bytes(2, peer)]).allBytes(8).map { try DaemonPeer(DaemonField.decode($0)) }
    }

    func providers(_ multihash: [UInt8]) async throws -> [DaemonPeer] {
        try await ask([.varint(1, 3), .bytes(2, multihash)]).allBytes(9).map { try DaemonPeer(DaemonField.decode($0)) }
    }

    func value(_ key: [UInt8]) async throws -> [UInt8]? {
        try await ask([.varint(1, 1), .bytes(2, key)]).message(3)?.bytes(2)
    }

    func putValue(_ key: [UInt8], _ value: [UInt8]) async throws {
        let record = DaemonField.message(3, [.bytes(1, key), .bytes(2, value)])
        let answer = try await ask([.varint(1, 0), .bytes(2, key), record])
        guard try answer.message(3)?.bytes(2) == value else { throw InteropError("the record was not taken") }
    }

    /// There is no answer to this one; whoever asks for the providers next on the same stream knows that it was read.
    func addProvider(_ multihash: [UInt8], _ peer: [UInt8], _ addresses: [[UInt8]]) async throws {
        let provider = DaemonField.message(9, [.bytes(1, peer)] + addresses.map { .bytes(2, $0) })
        try await send([.varint(1, 2), .bytes(2, multihash), provider])
    }

    func ask(_ fields: [DaemonField]) async throws -> [DaemonField] {
        try await send(fields)
        return try DaemonField.decode(try await socket.readDelimited(within: .seconds(30)))
    }

    func send(_ fields: [DaemonField]) async throws {
        let bytes = DaemonField.encode(fields)
        try await socket.write(DaemonField.varint(UInt64(bytes.count)) + bytes)
    }
}
