import LibP2PCore
import LibP2PTesting
import Multiformats
import NIOCore

@testable import StarSignalling

/// A star and its clients in a simulated world.
struct StarLaboratory {
    let simulation: Simulation
    let hub: StarHub

    init(
        _ simulation: Simulation, limits: StarLimits = StarLimits(), refreshPeers: Int = 256,
        isSparedPerIP: @escaping @Sendable (IPAddress) -> Bool = { _ in false }
    ) {
        self.simulation = simulation
        hub = StarHub(
            limits: limits, refreshPeers: refreshPeers, isSparedPerIP: isSparedPerIP, clock: simulation.clock,
            random: simulation.random)
    }

    static func run(
        limits: StarLimits = StarLimits(), refreshPeers: Int = 256,
        isSparedPerIP: @escaping @Sendable (IPAddress) -> Bool = { _ in false },
        _ body: (StarLaboratory) throws -> Void
    ) rethrows {
        try Simulation.run { simulation in
            try body(
                StarLaboratory(
                    simulation, limits: limits, refreshPeers: refreshPeers, isSparedPerIP: isSparedPerIP))
        }
    }

    /// A client that is connected.
    func client(_ source: String? = nil) -> StarClient {
        StarClient(hub, simulation, source: source.flatMap { IPAddress($0) })
    }

    /// A client that has joined, and what it heard till then forgotten.
    func peer(_ address: String) -> StarClient {
        let client = client()
        client.join(address)
        settle()
        client.output.texts = []
        return client
    }

    /// Lets announcements come through that gather for a moment.
    func settle() { simulation.loop.advance(by: .milliseconds(20)) }

    func advance(by duration: Duration) { simulation.loop.advance(by: duration) }
}

/// A client of a star, without any network.
struct StarClient {
    let hub: StarHub
    let socket: ServerSocket
    let output = RecordingOutput()

    init(_ hub: StarHub, _ simulation: Simulation, source: IPAddress?) {
        self.hub = hub
        socket = ServerSocket(
            id: SocketID(simulation.random), executor: simulation.executor, source: source, output: output)
        hub.connected(socket)
    }

    func send(_ name: String, _ arguments: String...) {
        let text = ByteBuffer(string: (["\"\(name)\""] + arguments).joined(separator: ","))
        hub.received(
            SocketEvent(name: name, arguments: arguments.map { ByteBuffer(string: $0) }, text: text), from: socket)
    }

    func join(_ address: String) { send("ss-join", "\"\(address)\"") }

    func joining(_ address: String) -> StarClient {
        join(address)
        return self
    }

    func offer(from source: String, to target: String, more: String = "") {
        send("ss-handshake", Self.offer(from: source, to: target, more: more))
    }

    static func offer(from source: String, to target: String, more: String = "") -> String {
        #"{"srcMultiaddr":"\#(source)","dstMultiaddr":"\#(target)","signal":{"type":"offer"}\#(more)}"#
    }

    func disconnect() {
        socket.detach()
        hub.disconnected(socket)
    }

    /// The addresses that it was told of since it was asked last.
    func heard() -> [String] {
        defer { output.texts = [] }
        return output.texts.compactMap { text in
            guard text.hasPrefix(#"42["ws-peer",""#), text.hasSuffix("\"]") else { return nil }
            return String(text.dropFirst(14).dropLast(2))
        }
    }
}

/// Keeps what a socket is sent.
final class RecordingOutput: SocketOutput {
    var texts: [String] = []
    var batches = 0
    var isCongested = false
    var closed: StarSignalling.CloseReason?

    func send(_ batch: PacketBatch) {
        batches += 1
        for packet in 0..<batch.count { texts.append(batch.text(packet).map { String(buffer: $0) } ?? "") }
    }

    func close(_ reason: StarSignalling.CloseReason) { closed = reason }
}
