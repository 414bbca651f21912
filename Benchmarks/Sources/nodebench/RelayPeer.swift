import LibP2PBasics
import LibP2PCore
import LibP2PIdentity
import Measuring
import Multiformats
import NIOCore
import Wire

/// A peer that reserves a place at a relay, opens circuits, and takes those that others open to it.
///
/// No connection is set up inside the circuits: what is measured is the relay, not the peers.
struct RelayPeer {
    /// What a circuit is for: the first byte that its opener sends.
    enum Use: UInt8 {
        /// Sends back what comes.
        case echo = 1
        /// Takes all in, and ends its own direction then.
        case sink = 2
    }

    let client: Client
    let connection: Connection

    /// Connects to a relay, ready to take circuits.
    init(at relay: Multiaddr) async throws {
        client = try Client(listening: true)
        client.host.serve(CircuitHandler())
        client.host.serve(EchoHandler())
        connection = try await client.connect(to: relay)
    }

    var id: PeerID { client.host.localPeer }

    /// Reserves a place.
    func reserve() async throws {
        try await connection.withStream(["/libp2p/circuit/relay/0.2.0/hop"]) { stream in
            try await stream.write(ByteBuffer(bytes: [2, 0x08, 0x00]))
            try await Self.checkAnswer(stream)
        }
    }

    /// Opens a circuit and does something on it.
    func withCircuit<Result: Sendable>(
        to target: PeerID, _ use: Use, timeout: Duration? = nil,
        _ body: @Sendable (LibP2PCore.Stream) async throws -> Result
    ) async throws -> Result {
        try await connection.withStream(["/libp2p/circuit/relay/0.2.0/hop"], timeout: timeout) { stream in
            try await stream.write(message: ConnectRequest(target: target))
            try await Self.checkAnswer(stream)
            try await stream.write(ByteBuffer(bytes: [use.rawValue]))
            return try await body(stream)
        }
    }

    private static func checkAnswer(_ stream: LibP2PCore.Stream) async throws {
        let answer = try await stream.message(HopAnswer.self, max: 4096)
        guard answer?.status == 100 else { throw BenchmarkError("The relay answers \(answer?.status ?? 0).") }
    }
}

/// Sends back what comes, on a connection without a relay.
struct EchoHandler: StreamHandler {
    static let id: ProtocolID = "/nodebench/echo"
    let protocols = [Self.id]
    let limits = StreamLimits()

    func handle(_ stream: LibP2PCore.Stream) async throws {
        while let bytes = try await stream.read() { try await stream.write(bytes) }
    }
}

/// Takes circuits: agrees to all of them.
private struct CircuitHandler: StreamHandler {
    let protocols: [ProtocolID] = ["/libp2p/circuit/relay/0.2.0/stop"]
    let limits = StreamLimits()

    func handle(_ stream: LibP2PCore.Stream) async throws {
        guard try await stream.frame(max: 4096) != nil else { return }
        // STATUS, OK.
        try await stream.write(ByteBuffer(bytes: [4, 0x08, 0x01, 0x20, 0x64]))
        guard let use = try await stream.read(exactly: 1)?.readableBytesView.first.flatMap(RelayPeer.Use.init) else {
            return
        }
        while let bytes = try await stream.read() {
            if use == .echo { try await stream.write(bytes) }
        }
    }
}

/// The request for a circuit: type 1, a peer.
private struct ConnectRequest: ProtobufMessage {
    let target: PeerID

    init(target: PeerID) { self.target = target }

    init(from reader: inout ProtobufReader) throws { throw BenchmarkError("ConnectRequest is only written.") }

    func write(to writer: inout ProtobufWriter) {
        writer.varint(1, 1)
        writer.message(2) { $0.bytes(1, target.bytes) }
    }
}

/// The relay's answer, as far as it matters.
private struct HopAnswer: ProtobufMessage {
    var status: UInt64 = 0

    init(from reader: inout ProtobufReader) throws {
        while let field = try reader.nextField() {
            if field.number == 5 { status = try field.varint() }
        }
    }

    func write(to writer: inout ProtobufWriter) {}
}
