import LibP2PCore
import LibP2PHTTP
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import Synchronization
import Testing

@testable import Certificates

@Suite("Waiting for the record")
struct AutoTLSPublisherTests {
    /// A name server that shows a record from some look on.
    private final class Names: NameResolver {
        let looks = Mutex<[String]>([])
        let shows: Int
        let value: String

        init(_ value: String, from look: Int) { (self.value, shows) = (value, look) }

        func addresses(of host: String, family: AddressFamily) async throws -> [IPAddress] { [] }

        func texts(at name: String) async throws -> [String] {
            let count = looks.withLock { looks in
                looks.append(name)
                return looks.count
            }
            // An older record stands there first, then no answer at all.
            if count == 1 { return ["another"] }
            guard count >= shows else { throw NetworkError(.unreachable, "no such name") }
            return ["another", value]
        }
    }

    @Test func pausesGrowUpToTheLimit() {
        var wait = RecordWait()
        var pauses: [Duration] = []
        while let pause = wait.next() { pauses.append(pause) }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 57].map { .seconds($0) })
    }

    private func publisher(
        _ names: Names, on executor: LoopExecutor, addresses: [String] = ["/ip4/192.0.2.1/tcp/4001"]
    ) throws -> AutoTLSPublisher {
        let identity = try PrivateKey.generate()
        let server = PeerIDAuthServer(identity: try PrivateKey.generate()) { _ in true }
        let broker = AutoTLSBroker(host: "broker.example", identity: identity, clock: .system) { request in
            let now = WallClock.system.now
            switch server.check(authorization: request.authorization, hostname: "broker.example", at: now) {
            case .authenticated(_, let info): return BrokerAnswer(status: 200, info: info)
            case .challenged(let challenge): return BrokerAnswer(status: 401, challenges: [challenge])
            case .refused(let error): throw error
            }
        }
        let addresses = try addresses.map { try Multiaddr($0) }
        return AutoTLSPublisher(
            name: AutoTLSName(of: identity.peerID, under: "example.org"), broker: broker, resolver: names,
            on: executor, addresses: { addresses })
    }
}

extension AutoTLSPublisherTests {
    @Test func itAsksUntilTheRecordIsThere() throws {
        try Simulation.run { simulation in
            let names = Names("value", from: 5)
            let publisher = try publisher(names, on: simulation.executor)
            let start = simulation.clock.now
            try simulation.perform { try await publisher.publish("value") }
            #expect(simulation.clock.now - start == .seconds(1 + 2 + 4 + 8))
            #expect(names.looks.withLock { Set($0) } == [publisher.name.challengeName])
        }
    }

    @Test func itGivesUp() throws {
        try Simulation.run { simulation in
            let publisher = try publisher(Names("value", from: 100), on: simulation.executor)
            let start = simulation.clock.now
            #expect(throws: CertificateError(.recordMissing, "")) {
                try simulation.perform { try await publisher.publish("value") }
            }
            #expect(simulation.clock.now - start == RecordWait.total)
        }
    }

    @Test func nobodyIsAskedWithoutAnAddress() throws {
        try Simulation.run { simulation in
            let names = Names("value", from: 1)
            let publisher = try publisher(names, on: simulation.executor, addresses: [])
            #expect(throws: CertificateError(.unreachable, "")) {
                try simulation.perform { try await publisher.publish("value") }
            }
            #expect(names.looks.withLock { $0.isEmpty })
        }
    }
}
