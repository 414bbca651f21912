import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct ReservationTests {
    @Test func tellsWhatWasReserved() throws {
        try Laboratory.run { laboratory in
            let client = try laboratory.client(at: "9.9.9.1")
            let answer = try client.reserve()
            #expect(answer.kind == .status)
            #expect(answer.status == .ok)
            #expect(answer.limit == CircuitLimit(seconds: 120, bytes: 131_072))
            let reservation = try #require(answer.reservation)
            let relay = laboratory.host.localPeer
            let address = try Multiaddr("/ip4/8.8.8.1/tcp/4001/p2p/\(relay)")
            #expect(reservation.addresses == [address.bytes])
            let hour = UInt64(laboratory.simulation.clock.now.seconds + 3600)
            #expect(reservation.expiration <= hour && reservation.expiration > hour - 5)
            let voucher = try ReservationVoucher(opening: try #require(reservation.voucher))
            #expect(
                voucher
                    == ReservationVoucher(relay: relay, peer: client.peer, expiration: reservation.expiration))
            #expect(laboratory.server.reservationCount == 1)
            #expect(laboratory.server.snapshot().reservations.map(\.peer) == [client.peer.description])
            #expect(laboratory.server.counters[.reserved] == 1)
        }
    }

    @Test func servesItsProtocolsWhileRelaying() throws {
        try Laboratory.run { laboratory in
            let ids = [RelayProtocols.hop, RelayProtocols.version1]
            #expect(ids.allSatisfy(laboratory.host.protocols.contains))
            let client = try laboratory.client(at: "9.9.9.1")
            try client.reserve()
            laboratory.server.stop()
            #expect(!ids.contains(where: laboratory.host.protocols.contains))
            #expect(laboratory.server.reservationCount == 0)
            laboratory.server.start()
            #expect(ids.allSatisfy(laboratory.host.protocols.contains))
            #expect(try client.reserve().status == .ok)
        }
    }

    @Test func tellsOnlyPublicAddressesUnlessInALab() throws {
        try Laboratory.run(at: "10.0.0.1") { laboratory in
            let client = try laboratory.client(at: "10.0.0.2")
            #expect(try client.reserve().reservation?.addresses == [])
        }
        try Laboratory.run(at: "10.0.0.1", isLab: true) { laboratory in
            let client = try laboratory.client(at: "10.0.0.2")
            #expect(try client.reserve().reservation?.addresses.count == 1)
        }
    }

    @Test func aHundredPeersOfOneAddressGetEight() throws {
        var limits = RelayLimits()
        limits.reservationsPerIP = AddressLimit(8, isExplicit: true)
        try Laboratory.run(limits, at: "127.0.0.1", isLab: true) { laboratory in
            let clients = try (0..<100).map { _ in try laboratory.client(at: "127.0.0.2", isListening: false) }
            let granted = try clients.filter { try $0.reserve().status == .ok }
            #expect(granted.count == 8)
            #expect(laboratory.server.counters[.reservationsPerIP] == 92)
            // The eight may renew as often as they like.
            for client in granted { #expect(try client.reserve().status == .ok) }
            for client in granted { laboratory.simulation.close(client.connection) }
            #expect(laboratory.server.reservationCount == 0)
            let others = clients.filter { client in !granted.contains { $0.peer == client.peer } }
            #expect(try others.filter { try $0.reserve().status == .ok }.count == 8)
        }
    }

    @Test func theTotalIsRefusedBy200() throws {
        var limits = RelayLimits()
        limits.reservations = 1
        try Laboratory.run(limits) { laboratory in
            let first = try laboratory.client(at: "9.9.9.1")
            let second = try laboratory.client(at: "9.9.9.2")
            #expect(try first.reserve().status == .ok)
            let refused = try second.reserve()
            #expect(refused == .status(.reservationRefused))
            // Limits change without a restart.
            laboratory.server.limits.reservations = 2
            #expect(try second.reserve().status == .ok)
        }
    }

    @Test func listsAreRefusedBy202AndChangeAtOnce() throws {
        try Laboratory.run { laboratory in
            let client = try laboratory.client(at: "9.9.9.1")
            #expect(try client.reserve().status == .ok)
            laboratory.server.access.deniedSources = [client.peer]
            #expect(laboratory.server.reservationCount == 0)
            #expect(try client.reserve() == .status(.permissionDenied))
            laboratory.server.access.deniedSources = []
            #expect(try client.reserve().status == .ok)
            laboratory.server.access.allowedReservers = [laboratory.host.localPeer]
            #expect(try client.reserve() == .status(.permissionDenied))
            #expect(laboratory.server.counters[.denied] == 2)
            let account = laboratory.server.snapshot().peers.first
            #expect(account?.peer == client.peer.description)
            #expect(account?.refusals == ["denied": 2])
        }
    }

    @Test func endsAtItsTimeOrWithTheLastConnection() throws {
        try Laboratory.run { laboratory in
            let client = try laboratory.client(at: "9.9.9.1")
            let second = try laboratory.connect(client.host)
            try client.reserve()
            laboratory.simulation.close(client.connection)
            #expect(laboratory.server.reservationCount == 1)
            let again = Client(host: client.host, connection: second, simulation: laboratory.simulation)
            laboratory.simulation.loop.advance(by: .seconds(1800))
            #expect(try again.reserve().status == .ok)
            laboratory.simulation.loop.advance(by: .seconds(3590))
            #expect(laboratory.server.reservationCount == 1)
            laboratory.simulation.loop.advance(by: .seconds(11))
            #expect(laboratory.server.reservationCount == 0)
            #expect(laboratory.server.counters[.expired] == 1)
            #expect(try again.reserve().status == .ok)
            laboratory.simulation.close(second)
            #expect(laboratory.server.reservationCount == 0)
            #expect(laboratory.server.counters[.left] == 1)
        }
    }

    @Test func aPeerMayComeBackAThousandTimes() throws {
        var limits = RelayLimits()
        limits.reservations = 1
        limits.reservationsPerIP = AddressLimit(1, isExplicit: true)
        try Laboratory.run(limits) { laboratory in
            let host = try laboratory.simulation.makeHost("9.9.9.1")
            let (relay, peer) = (laboratory.host, host.localPeer)
            let granted = try laboratory.simulation.perform(atMost: .seconds(100_000)) {
                var granted = 0
                var last: Connection?
                for round in 0..<1000 {
                    let connection = try await host.dial(relay.listenAddresses[0], expecting: relay.localPeer)
                    // Every other time the old connection is still there when the new one reserves.
                    if round.isMultiple(of: 2) { await last?.close() }
                    let client = Client(host: host, connection: connection, simulation: laboratory.simulation)
                    if try await client.reserveNow().status == .ok { granted += 1 }
                    if !round.isMultiple(of: 2) { await last?.close() }
                    last = connection
                }
                return granted
            }
            #expect(granted == 1000)
            #expect(laboratory.server.reservationCount == 1)
            #expect(laboratory.server.snapshot().reservations.map(\.peer) == [peer.description])
        }
    }

    /// go's and js's relays lost reserved peers to their own connection managers.
    @Test func reservedPeersAreNotTrimmed() throws {
        try Simulation.run { simulation in
            var configuration = HostConfiguration()
            configuration.trimming.highWater = 4
            configuration.trimming.lowWater = 2
            configuration.trimming.gracePeriod = .zero
            let host = try simulation.makeHost("8.8.8.1", configuration: configuration)
            let version1 = Version1Service(network: host)
            let server = RelayServer(network: host, version1: version1, logger: .silent)
            server.start()
            let laboratory = Laboratory(simulation: simulation, host: host, server: server, version1: version1)
            let reserved = try laboratory.client(at: "9.9.9.1")
            try reserved.reserve()
            for number in 2...9 { _ = try laboratory.client(at: "9.9.9.\(number)") }
            simulation.loop.advance(by: .seconds(10))
            #expect(host.connections.count < 5)
            #expect(server.reservationCount == 1)
            #expect(!host.connections(to: reserved.peer).isEmpty)
        }
    }
}
