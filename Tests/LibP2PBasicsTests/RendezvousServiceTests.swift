import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import NIOCore
import Synchronization
import Testing
import Wire

@testable import LibP2PBasics

struct RendezvousServiceTests {
    private func start(_ simulation: Simulation, _ host: Host, journal: MemoryJournal? = nil) throws
        -> RendezvousService
    {
        let service = RendezvousService(network: host, journal: journal)
        try simulation.perform { try await service.start() }
        return service
    }

    @Test func peersFindOneAnother() throws {
        try Simulation.run { simulation in
            let point = try simulation.makeHost("8.8.8.1")
            let service = try start(simulation, point)
            let one = try simulation.makeHost("8.8.8.2")
            let other = try simulation.makeHost("8.8.8.3")
            let there = point.listenAddresses
            let asOne = RendezvousClient(network: one)
            let asOther = RendezvousClient(network: other)
            let life = try simulation.perform {
                try await asOne.register(in: "game", at: point.localPeer, addresses: there)
            }
            #expect(life == .seconds(7_200))
            let page = try simulation.perform {
                try await asOther.discover("game", at: point.localPeer, addresses: there)
            }
            #expect(page.found.map(\.record.peerID) == [one.localPeer])
            #expect(page.found.first?.record.addresses == one.addresses)
            #expect(page.found.first?.namespace == "game")
            #expect((7_100...7_200).contains(page.found.first?.timeToLive.components.seconds ?? 0))
            let nothing = try simulation.perform {
                try await asOther.discover("game", after: page.cookie, at: point.localPeer)
            }
            #expect(nothing.found.isEmpty)

            try simulation.perform {
                try await asOther.register(in: "chess", for: .seconds(10_000), at: point.localPeer)
                try await asOne.unregister(from: "game", at: point.localPeer)
            }
            let all = try simulation.perform { try await asOne.discover(at: point.localPeer) }
            #expect(all.found.map(\.namespace) == ["chess"])
            #expect(service.registrationCount == 1)
            #expect(service.answers(.ok) == 5)

            simulation.loop.advance(by: .seconds(10_100))
            #expect(service.registrationCount == 0)
            service.stop()
            #expect(throws: NetworkError.self) {
                try simulation.perform { try await asOne.discover(at: point.localPeer, addresses: there) }
            }
        }
    }

    @Test func aPeerSpeaksForItselfOnly() throws {
        try Simulation.run { simulation in
            let point = try simulation.makeHost("8.8.8.1")
            let service = try start(simulation, point)
            let peer = try simulation.makeIdentity()
            let other = try simulation.makeIdentity()
            let own = try PeerRecord(peerID: peer.peerID, sequence: 1, addresses: []).seal(with: peer).protobuf
            let foreign = try PeerRecord(peerID: other.peerID, sequence: 1, addresses: []).seal(with: other).protobuf
            var broken = own
            broken[broken.count - 1] ^= 1
            func register(_ record: [UInt8], in namespace: String = "a", ttl: UInt64? = nil) throws -> RendezvousStatus?
            {
                let entry = RendezvousMessage.Entry(namespace: namespace, record: record, ttl: ttl)
                guard case .registerResponse(let response) = try service.answer(.register(entry), from: peer.peerID)
                else { return nil }
                #expect((response.status == .ok) == (response.ttl != nil))
                #expect((response.status == .ok) == (response.text == nil))
                return response.status
            }
            #expect(try register(own) == .ok)
            #expect(try register(foreign) == .invalidRecord)
            #expect(try register(broken) == .invalidRecord)
            #expect(try register([]) == .invalidRecord)
            #expect(try register([UInt8](repeating: 0, count: 100_000)) == .invalidRecord)
            #expect(try register(own, in: "") == .invalidNamespace)
            #expect(try register(own, ttl: 60) == .invalidTTL)
            #expect(service.registrationCount == 1)
            // Another peer's registration can't be taken back.
            #expect(try service.answer(.unregister(namespace: "a"), from: other.peerID) == nil)
            #expect(service.registrationCount == 1)
            #expect(throws: NetworkError(.malformed, "")) {
                try service.answer(.registerResponse(.init()), from: peer.peerID)
            }
            service.stop()
        }
    }

    @Test func manyRequestsOnOneStreamAndJunk() throws {
        try Simulation.run { simulation in
            let point = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            let service = try start(simulation, point)
            let connection = try simulation.connect(client, point)
            let statuses = try simulation.perform {
                try await connection.withStream([RendezvousService.protocolID]) { stream in
                    var statuses: [RendezvousStatus] = []
                    for cookie in [nil, [1, 2, 3], nil] as [[UInt8]?] {
                        // The unregistration between them has no answer.
                        try await stream.write(message: RendezvousMessage.unregister(namespace: "a"))
                        try await stream.write(message: RendezvousMessage.discover(.init(cookie: cookie)))
                        guard
                            case .discoverResponse(let response)? = try await stream.message(
                                RendezvousMessage.self, max: 1_000)
                        else { continue }
                        statuses.append(response.status)
                    }
                    return statuses
                }
            }
            #expect(statuses == [.ok, .invalidCookie, .ok])
            #expect(throws: NetworkError(.reset, "")) {
                try simulation.perform {
                    try await connection.withStream([RendezvousService.protocolID]) { stream in
                        var frame = ByteBuffer()
                        frame.writeVarint(UInt64(RendezvousMessage.maxLength + 1))
                        try await stream.write(frame)
                        _ = try await stream.read()
                    }
                }
            }
            service.stop()
        }
    }

    @Test func registrationsSurviveARestart() throws {
        try Simulation.run { simulation in
            let journal = MemoryJournal()
            let point = try simulation.makeHost("8.8.8.1")
            let client = try simulation.makeHost("8.8.8.2")
            let first = try start(simulation, point, journal: journal)
            let rendezvous = RendezvousClient(network: client)
            try simulation.perform {
                for name in ["a", "b", "c"] {
                    try await rendezvous.register(in: name, at: point.localPeer, addresses: point.listenAddresses)
                }
                try await rendezvous.unregister(from: "c", at: point.localPeer)
            }
            simulation.loop.advance(by: .seconds(3_600))
            first.stop()
            let second = try start(simulation, point, journal: journal)
            #expect(second.registrationCount == 2)
            let page = try simulation.perform { try await rendezvous.discover("a", at: point.localPeer) }
            #expect(page.found.map(\.record.peerID) == [client.localPeer])
            #expect((3_500...3_600).contains(page.found.first?.timeToLive.components.seconds ?? 0))
            simulation.loop.advance(by: .seconds(3_700))
            #expect(journal.kept.isEmpty)
            second.stop()
        }
    }
}

/// A journal in memory.
final class MemoryJournal: RegistrationJournal {
    private let state = Mutex<[Registration.Key: Registration]>([:])

    var kept: [Registration] { state.withLock { Array($0.values) } }

    func save(_ registration: Registration) { state.withLock { $0[registration.key] = registration } }

    func remove(_ key: Registration.Key) { _ = state.withLock { $0.removeValue(forKey: key) } }

    func load() async throws -> [Registration] { kept }
}
