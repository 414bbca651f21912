/// One exchange on the daemon's control socket. The numbers are those of its protocol, `p2pd.proto`.
enum DaemonRequest {
    /// Request types and the number of the field that carries the request's own message.
    enum Kind: UInt64 {
        case identify = 0
        case connect = 1
        case streamOpen = 2
        case streamHandler = 3
        case dht = 4
        case listPeers = 5
        case disconnect = 7
        case pubsub = 8

        var field: Int? {
            switch self {
            case .identify, .listPeers: nil
            case .connect: 2
            case .streamOpen: 3
            case .streamHandler: 4
            case .dht: 5
            case .disconnect: 7
            case .pubsub: 8
            }
        }
    }

    /// Sends the request on a connection of its own and returns the connection with the answer, which was OK.
    static func send(
        _ kind: Kind, _ fields: [DaemonField] = [], control: String
    ) async throws -> (socket: Socket, answer: [DaemonField]) {
        let socket = try await Socket.connect(unixPath: control)
        var request: [DaemonField] = [.varint(1, kind.rawValue)]
        if let field = kind.field {
            request.append(.message(field, fields))
        }
        let bytes = DaemonField.encode(request)
        try await socket.write(DaemonField.varint(UInt64(bytes.count)) + bytes)
        let answer = try DaemonField.decode(try await socket.readDelimited())
        guard answer.varint(1) == 0 else {
            await socket.close()
            let message = try answer.message(2)?.bytes(1) ?? []
            throw InteropError("the daemon answers: \(String(decoding: message, as: UTF8.self))")
        }
        return (socket, answer)
    }

    static func identify(control: String) async throws -> DaemonPeer {
        let (socket, answer) = try await send(.identify, control: control)
        await socket.close()
        return try DaemonPeer(try answer.message(4) ?? [])
    }
}

extension P2PDaemon {
    func connect(_ peer: [UInt8], _ addresses: [[UInt8]]) async throws {
        _ = try await call(.connect, [.bytes(1, peer)] + addresses.map { .bytes(2, $0) })
    }

    func disconnect(_ peer: [UInt8]) async throws {
        _ = try await call(.disconnect, [.bytes(1, peer)])
    }

    /// The peers it is connected to.
    func peers() async throws -> [DaemonPeer] {
        try await call(.listPeers).allBytes(6).map { try DaemonPeer(DaemonField.decode($0)) }
    }

    /// Opens a stream for the first of the protocols that the peer speaks. Half-closing it does not reach the peer.
    func openStream(_ peer: [UInt8], _ protocols: [String]) async throws -> Socket {
        let fields: [DaemonField] = [.bytes(1, peer)] + protocols.map { .string(2, $0) }
        return try await DaemonRequest.send(.streamOpen, fields, control: control).socket
    }

    /// Accepts streams of a protocol; each comes as a connection to `unixPath` that begins with a delimited StreamInfo.
    func handleStreams(_ protocolID: String, unixPath: String) async throws {
        // A multiaddr in binary: code 400 (unix), then the path with its length.
        let path = Array(unixPath.utf8)
        let address = DaemonField.varint(400) + DaemonField.varint(UInt64(path.count)) + path
        _ = try await call(.streamHandler, [.bytes(1, address), .string(2, protocolID), .varint(3, 0)])
    }

    private func call(_ kind: DaemonRequest.Kind, _ fields: [DaemonField] = []) async throws -> [DaemonField] {
        let (socket, answer) = try await DaemonRequest.send(kind, fields, control: control)
        await socket.close()
        return answer
    }
}
