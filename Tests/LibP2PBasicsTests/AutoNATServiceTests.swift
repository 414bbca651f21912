import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Synchronization
import Testing

@testable import LibP2PBasics

struct AutoNATv1ServiceTests {
    private func ask(
        _ simulation: Simulation, _ connection: Connection, as peer: PeerID, about addresses: [Multiaddr]
    ) throws -> AutoNATv1Message.Response {
        let answer = try simulation.perform {
            try await connection.withStream(["/libp2p/autonat/1.0.0"]) { stream in
                let request = AutoNATv1Message.dial(peer: peer.bytes, addresses: addresses.map(\.bytes))
                try await stream.write(message: request)
                return try await stream.message(AutoNATv1Message.self, max: 4096)
            }
        }
        guard case .response(let response) = answer else { throw NetworkError(.malformed, "not a response") }
        return response
    }

    @Test func tellsWhatCanBeReached() throws {
        try Simulation.run { simulation in
            let server = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            server.serve(AutoNATv1Service(network: server))
            let connection = try simulation.connect(client, server)
            let elsewhere = try Multiaddr("/ip4/9.9.9.9/tcp/4001")
            let reached = try ask(simulation, connection, as: client.localPeer, about: [elsewhere])
            #expect(reached.status == .ok)
            #expect(reached.address == (try Multiaddr("/ip4/8.8.8.2/tcp/4001").bytes))

            // A refusal takes as long as a dial may, and tells nothing else.
            let start = simulation.loop.now
            let dead = try ask(
                simulation, connection, as: client.localPeer, about: [try Multiaddr("/ip4/8.8.8.2/tcp/9")])
            #expect(dead.status == .dialError)
            #expect(simulation.loop.now - start >= .seconds(15))
            simulation.loop.advance(by: .seconds(1))
            #expect(server.connections(to: client.localPeer).count == 1)
        }
    }

    @Test func refusesOtherPeersPrivateAddressesAndFloods() throws {
        try Simulation.run { simulation in
            let server = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            let neighbour = try simulation.makeHost("10.0.0.3")
            server.serve(AutoNATv1Service(network: server, perPeer: 1))
            let connection = try simulation.connect(client, server)
            let address = try Multiaddr("/ip4/8.8.8.2/tcp/4001")
            #expect(try ask(simulation, connection, as: server.localPeer, about: [address]).status == .badRequest)
            #expect(try ask(simulation, connection, as: client.localPeer, about: [address]).status == .ok)
            #expect(try ask(simulation, connection, as: client.localPeer, about: [address]).status == .dialRefused)
            let inside = try simulation.connect(neighbour, server)
            #expect(
                try ask(simulation, inside, as: neighbour.localPeer, about: [address]).status == .dialRefused)
        }
    }
}

struct AutoNATv2ServiceTests {
    private let nonce: UInt64 = 0x0123_4567_89ab_cdef

    /// Asks, pays what is asked for, and returns the answer and the bytes paid.
    private func ask(
        _ simulation: Simulation, _ connection: Connection, about addresses: [Multiaddr], piece: Int = 4096
    ) throws -> (response: AutoNATv2Message.DialResponse, paid: Int) {
        let nonce = nonce
        let answer = try simulation.perform {
            try await connection.withStream(["/libp2p/autonat/2/dial-request"]) { stream in
                try await stream.write(
                    message: AutoNATv2Message.dialRequest(addresses: addresses.map(\.bytes), nonce: nonce))
                var paid = 0
                var answer = try await stream.message(AutoNATv2Message.self, max: 8192)
                if case .dialDataRequest(_, let price) = answer {
                    while paid < price {
                        try await stream.write(message: AutoNATv2Message.dialDataResponse(byteCount: piece))
                        paid += piece
                    }
                    answer = try await stream.message(AutoNATv2Message.self, max: 8192)
                }
                return (answer, paid)
            }
        }
        guard case .dialResponse(let response)? = answer.0 else { throw NetworkError(.malformed, "not a response") }
        return (response, answer.1)
    }

    private func dialBackHandler(_ nonces: NonceList) -> TestNode.Handler {
        TestNode.Handler("/libp2p/autonat/2/dial-back") { stream in
            if let message = try await stream.message(DialBackMessage.self, max: 100) { nonces.add(message.nonce) }
            try await stream.write(message: DialBackResponse())
        }
    }

    @Test func dialsBackWithTheNonce() throws {
        try Simulation.run { simulation in
            let server = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            let nonces = NonceList()
            server.serve(AutoNATv2Service(network: server))
            client.serve(dialBackHandler(nonces))
            let connection = try simulation.connect(client, server)
            let own = client.listenAddresses
            let first = try ask(simulation, connection, about: [try Multiaddr("/ip4/10.0.0.1/tcp/1")] + own)
            #expect(first.response == .init(status: .ok, addressIndex: 1, dialStatus: .ok))
            #expect(first.paid == 0)
            #expect(nonces.all == [nonce])

            let dead = try ask(simulation, connection, about: [try Multiaddr("/ip4/8.8.8.2/tcp/9")])
            #expect(dead.response == .init(status: .ok, addressIndex: 0, dialStatus: .dialError))
            let none = try ask(simulation, connection, about: [try Multiaddr("/ip4/10.0.0.1/tcp/1")])
            #expect(none.response.status == .dialRefused)
        }
    }

    @Test func aForeignAddressCostsData() throws {
        try Simulation.run { simulation in
            let server = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            server.serve(AutoNATv2Service(network: server))
            let connection = try simulation.connect(client, server)
            let foreign = try Multiaddr("/ip4/9.9.9.9/tcp/4001")
            let answer = try ask(simulation, connection, about: [foreign])
            #expect(answer.response == .init(status: .ok, addressIndex: 0, dialStatus: .dialError))
            #expect(answer.paid >= 30_000)
            #expect(answer.paid < 100_000 + 4096)
            #expect(throws: NetworkError(.reset, "")) {
                try ask(simulation, connection, about: [foreign], piece: 10)
            }
        }
    }

    /// Dial data, the random wait, the dial and the dial-back take longer than an idle stream usually may.
    @Test func waitsForADialThatNobodyAnswers() throws {
        try Simulation.run { simulation in
            let server = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            let gone = try simulation.makeHost("8.8.8.3")
            server.serve(AutoNATv2Service(network: server))
            client.serve(
                TestNode.Handler("/libp2p/autonat/2/dial-back") { stream in
                    while try await stream.read() != nil {}
                    try await stream.connection.executor.sleep(for: .seconds(60))
                })
            let connection = try simulation.connect(client, server)
            simulation.network.remove(gone.localPeer, silently: true)
            let foreign = try ask(simulation, connection, about: gone.listenAddresses)
            #expect(foreign.response == .init(status: .ok, addressIndex: 0, dialStatus: .dialError))
            let mute = try ask(simulation, connection, about: client.listenAddresses)
            #expect(mute.response == .init(status: .ok, addressIndex: 0, dialStatus: .ok))
        }
    }

    /// Whether the nonce came is for the peer to say: a server that got it off has reached the address.
    @Test func aDialBackThatIsNotAnsweredCounts() throws {
        try Simulation.run { simulation in
            let server = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            server.serve(AutoNATv2Service(network: server))
            client.serve(
                TestNode.Handler("/libp2p/autonat/2/dial-back") { stream in
                    _ = try await stream.message(DialBackMessage.self, max: 100)
                    throw NetworkError(.reset, "It does not answer.")
                })
            let connection = try simulation.connect(client, server)
            let answer = try ask(simulation, connection, about: client.listenAddresses)
            #expect(answer.response == .init(status: .ok, addressIndex: 0, dialStatus: .ok))
        }
    }

    @Test func aPeerWithoutDialBackFailsIt() throws {
        try Simulation.run { simulation in
            let server = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            server.serve(AutoNATv2Service(network: server, perPeer: 1))
            let connection = try simulation.connect(client, server)
            let answer = try ask(simulation, connection, about: client.listenAddresses)
            #expect(answer.response == .init(status: .ok, addressIndex: 0, dialStatus: .dialBackError))
            #expect(try ask(simulation, connection, about: client.listenAddresses).response.status == .requestRejected)
        }
    }
}

/// The nonces that came back.
final class NonceList: Sendable {
    private let nonces = Mutex<[UInt64]>([])
    var all: [UInt64] { nonces.withLock { $0 } }
    func add(_ nonce: UInt64) { nonces.withLock { $0.append(nonce) } }
}
