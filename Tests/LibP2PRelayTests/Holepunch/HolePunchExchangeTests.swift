import LibP2PCore
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PRelay

struct HolePunchExchangeTests {
    /// The part of Tests/Vectors/relay.json that is about hole punching.
    private struct Vectors: Decodable {
        struct DCUtR: Decodable {
            let `protocol`: String
            let connect: String
            let sync: String
        }
        let dcutr: DCUtR

        static func load() throws -> DCUtR { try TestVectors.load("relay", as: Vectors.self).dcutr }
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let publicAddress = "/ip4/8.8.4.4/tcp/4001"

    private func exchange(
        _ own: [String] = [], allowsPrivate: Bool = false, isInitiator: Bool
    ) throws -> HolePunchExchange {
        HolePunchExchange(
            own: try own.map { try Multiaddr($0) }, allowsPrivate: allowsPrivate, isInitiator: isInitiator, now: start)
    }

    private func connect(_ addresses: String...) throws -> HolePunchMessage {
        HolePunchMessage(.connect, observedAddresses: try addresses.map { try Multiaddr($0).bytes })
    }

    @Test func readsAndWritesTheVectors() throws {
        let vectors = try Vectors.load()
        #expect(HolePunchService.protocolID.name == vectors.protocol)
        let sync = HolePunchMessage(.sync)
        #expect(framed(sync) == (try hex(vectors.sync)))
        let bytes = try hex(vectors.connect)
        var buffer = ByteBuffer(bytes: bytes)
        let read = try buffer.readDelimited(HolePunchMessage.self, max: HolePunchMessage.maxLength)
        let message = try #require(read)
        #expect(message.kind == .connect)
        #expect(
            try message.observedAddresses.map { try Multiaddr(bytes: $0) } == [
                try Multiaddr("/ip4/203.0.113.7/tcp/51234")
            ])
        #expect(framed(message) == bytes)
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func hostileBytesAreRefused(seed: UInt64) throws {
        for bytes in mutants(of: Array(try hex(Vectors.load().connect).dropFirst()), seed: seed) {
            guard let message = try? HolePunchMessage(protobuf: bytes) else { continue }
            #expect(try HolePunchMessage(protobuf: message.protobufBytes()) == message)
            var exchange = try exchange(isInitiator: seed.isMultiple(of: 2))
            _ = try? exchange.received(message, now: start)
        }
    }

    @Test func bothDialAtTheSameMoment() throws {
        var left = try exchange([publicAddress], isInitiator: true)
        var right = try exchange(["/ip4/9.9.9.9/tcp/1"], isInitiator: false)
        #expect(left.connect == (try connect(publicAddress)))
        let answer = try connect("/ip4/9.9.9.9/tcp/1")
        #expect(try right.received(left.connect, now: start + .milliseconds(50)) == .send(answer))
        let step = try left.received(answer, now: start + .milliseconds(100))
        let sync = HolePunchMessage(.sync)
        #expect(step == .dial([try Multiaddr("/ip4/9.9.9.9/tcp/1")], after: .milliseconds(50), sync))
        #expect(
            try right.received(sync, now: start + .milliseconds(150))
                == .dial([try Multiaddr(publicAddress)], after: .zero, nil))
    }

    /// The spec's way to try again is the same stream.
    @Test func threeRoundsAreAnsweredOnAStream() throws {
        var exchange = try exchange(isInitiator: false)
        for round in 1...3 {
            let address = "/ip4/8.8.4.4/tcp/\(round)"
            #expect(try exchange.received(connect(address), now: start) == .send(connect()))
            #expect(
                try exchange.received(HolePunchMessage(.sync), now: start)
                    == .dial([try Multiaddr(address)], after: .zero, nil))
        }
        #expect(throws: NetworkError(.malformed, "")) { try exchange.received(connect(publicAddress), now: start) }
    }

    @Test func messagesOutOfTurnAreRefused() throws {
        let (connect, sync) = (try connect(publicAddress), HolePunchMessage(.sync))
        func fails(isInitiator: Bool, _ messages: [HolePunchMessage]) throws {
            var exchange = try exchange(isInitiator: isInitiator)
            for message in messages.dropLast() { _ = try exchange.received(message, now: start) }
            let last = try #require(messages.last)
            #expect(throws: NetworkError(.malformed, "")) { try exchange.received(last, now: start) }
        }
        try fails(isInitiator: true, [sync])
        try fails(isInitiator: true, [HolePunchMessage(nil)])
        try fails(isInitiator: true, [connect, connect])
        try fails(isInitiator: false, [sync])
        try fails(isInitiator: false, [connect, connect])
        try fails(isInitiator: false, [connect, sync, sync])
    }

    @Test func onlyDirectAddressesAreToldAndDialled() throws {
        let relay = try peer(1)
        let addresses = [
            "/ip4/10.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/1", "/ip4/8.8.8.8/tcp/1/p2p/\(relay)/p2p-circuit",
            "/dns4/example.com/tcp/1", "\(publicAddress)/p2p/\(relay)", publicAddress,
        ].compactMap { try? Multiaddr($0) }
        #expect(HolePunchExchange.usable(addresses, allowsPrivate: false) == [try Multiaddr(publicAddress)])
        #expect(HolePunchExchange.usable(addresses, allowsPrivate: true).count == 3)
        let many = try (1...50).map { try Multiaddr("/ip4/8.8.8.8/tcp/\($0)") }
        #expect(HolePunchExchange.usable(many, allowsPrivate: false).count == HolePunchExchange.maxAddresses)
    }
}
