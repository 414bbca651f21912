import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing
import Wire

@testable import LibP2PBasics

struct AutoNATMessageTests {
    private func check<Message: ProtobufMessage & Equatable>(_ text: String, _ message: Message) throws {
        let bytes = try hex(text)
        var written = ByteBuffer()
        written.writeDelimited(message)
        #expect(Array(written.readableBytesView) == bytes)
        #expect(try written.readDelimited(Message.self, max: 8192) == message)
    }

    @Test func version1ReadsAndWritesTheVectors() throws {
        let vectors = try AutoNATVectors.load().autonat_v1
        let address = try Multiaddr("/ip4/192.0.2.1/tcp/4001").bytes
        let secure = try Multiaddr("/ip4/192.0.2.1/tcp/443/tls/sni/example.com/ws").bytes
        try check(
            vectors.dial, AutoNATv1Message.dial(peer: try exampleKey().peerID.bytes, addresses: [address, secure]))
        try check(vectors.response_ok, AutoNATv1Message.response(.init(status: .ok, address: address)))
        try check(
            vectors.response_dial_error, AutoNATv1Message.response(.init(status: .dialError, text: "dial failed")))
    }

    @Test func version2ReadsAndWritesTheVectors() throws {
        let vectors = try AutoNATVectors.load().autonat_v2
        let nonce = try #require(UInt64(vectors.nonce))
        let address = try Multiaddr("/ip4/192.0.2.1/tcp/4001").bytes
        let secure = try Multiaddr("/ip4/192.0.2.1/tcp/443/tls/sni/example.com/ws").bytes
        try check(vectors.dial_request, AutoNATv2Message.dialRequest(addresses: [address, secure], nonce: nonce))
        try check(
            vectors.dial_data_request_64KiB, AutoNATv2Message.dialDataRequest(addressIndex: 0, byteCount: 65_536))
        try check(
            vectors.response_ok_index0,
            AutoNATv2Message.dialResponse(.init(status: .ok, addressIndex: 0, dialStatus: .ok)))
        try check(vectors.dial_back, DialBackMessage(nonce: nonce))
        try check(vectors.dial_back_response_ok_delimited, DialBackResponse())

        var data = ByteBuffer()
        data.writeDelimited(AutoNATv2Message.dialDataResponse(byteCount: 4096))
        let prefix = try hex(vectors.dial_data_response_4096_prefix_hex)
        #expect(Array(data.readableBytesView.prefix(prefix.count)) == prefix)
        #expect(try data.readDelimited(AutoNATv2Message.self, max: 8192) == .dialDataResponse(byteCount: 4096))
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func survivesHostileBytes(seed: UInt64) throws {
        let vectors = try AutoNATVectors.load()
        for text in [vectors.autonat_v1.dial, vectors.autonat_v1.response_dial_error] {
            for bytes in mutants(of: Array(try hex(text).dropFirst()), seed: seed) {
                _ = try? AutoNATv1Message(protobuf: bytes)
            }
        }
        for text in [vectors.autonat_v2.dial_request, vectors.autonat_v2.response_ok_index0] {
            for bytes in mutants(of: Array(try hex(text).dropFirst()), seed: seed) {
                _ = try? AutoNATv2Message(protobuf: bytes)
            }
        }
    }
}

struct AutoNATCandidatesTests {
    private func candidates(
        from observed: String = "/ip4/8.8.8.8/tcp/50000", own: [String] = [], allowsPrivate: Bool = false
    ) throws -> AutoNATCandidates {
        AutoNATCandidates(
            observed: try Multiaddr(observed), peer: try key(1).peerID, own: try own.map { try Multiaddr($0) },
            allowsPrivateAddresses: allowsPrivate)
    }

    private func bytes(_ texts: [String]) throws -> [[UInt8]] { try texts.map { try Multiaddr($0).bytes } }

    @Test func version1MovesEveryAddressToTheObservedOne() throws {
        let peer = try key(1).peerID
        let other = try key(2).peerID
        let named = try bytes([
            "/ip4/1.1.1.1/tcp/4001", "/ip4/8.8.8.8/tcp/4001", "/ip4/10.0.0.1/tcp/4002/ws/p2p/\(peer)",
            "/ip6/2606:4700::1/tcp/4003", "/dns4/example.com/tcp/443/wss", "/ip4/1.1.1.1/tcp/1/p2p/\(other)",
            "/ip4/1.1.1.1/tcp/1/p2p/\(other)/p2p-circuit",
        ])
        let found = try candidates().onObservedAddress(named + [[0xff]])
        #expect(
            found.map(\.description) == [
                "/ip4/8.8.8.8/tcp/4001", "/ip4/8.8.8.8/tcp/4002/ws", "/ip4/8.8.8.8/tcp/4003",
            ])
        #expect(try candidates().onObservedAddress([]).map(\.description) == ["/ip4/8.8.8.8/tcp/50000"])
    }

    @Test func version1RefusesWhatItMayNotDial() throws {
        let named = try bytes(["/ip4/8.8.8.8/tcp/4001"])
        let relay = try key(2).peerID
        #expect(try candidates(from: "/ip4/10.0.0.1/tcp/1").onObservedAddress(named).isEmpty)
        #expect(try candidates(from: "/ip4/127.0.0.1/tcp/1").onObservedAddress(named).isEmpty)
        #expect(try candidates(from: "/ip4/8.8.8.8/tcp/1/p2p/\(relay)/p2p-circuit").onObservedAddress(named).isEmpty)
        #expect(try candidates(own: ["/ip4/8.8.8.8/tcp/9"]).onObservedAddress(named).isEmpty)
        #expect(try candidates(from: "/memory/1").onObservedAddress(named).isEmpty)
        let lab = try candidates(from: "/ip4/127.0.0.1/tcp/1", own: ["/ip4/127.0.0.1/tcp/2"], allowsPrivate: true)
        #expect(lab.observed == (try Multiaddr("/ip4/127.0.0.1/tcp/1")))
        #expect(lab.onObservedAddress(named).map(\.description) == ["/ip4/127.0.0.1/tcp/4001"])
    }

    @Test func version2TakesTheFirstThatMayBeDialled() throws {
        let named = try bytes([
            "/dns4/example.com/tcp/1", "/ip4/10.0.0.1/tcp/2", "/ip4/1.1.1.1/tcp/3", "/ip4/8.8.8.8/tcp/4",
        ])
        let foreign = try #require(try candidates().firstAnywhere(named))
        #expect(foreign.index == 2)
        #expect(foreign.address.description == "/ip4/1.1.1.1/tcp/3")
        #expect(!foreign.isObserved)
        let own = try #require(try candidates().firstAnywhere(try bytes(["/ip4/8.8.8.8/udp/4/quic-v1"])))
        #expect(own.isObserved)
        #expect(try candidates().firstAnywhere(Array(named.prefix(2))) == nil)
    }
}

struct RequestWindowTests {
    @Test func grantsUpToTheLimits() throws {
        let first = try key(1).peerID
        let second = try key(2).peerID
        var window = RequestWindow(total: 3, perPeer: 2)
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        #expect(window.admit(first, at: now) == true)
        #expect(window.admit(first, at: now + .seconds(1)) == true)
        #expect(window.admit(first, at: now + .seconds(2)) == false)
        #expect(window.admit(second, at: now + .seconds(2)) == true)
        #expect(window.admit(second, at: now + .seconds(3)) == false)
        #expect(window.admit(first, at: now + .seconds(59)) == false)
        // The first grant is a minute old, so one place is free again.
        #expect(window.admit(first, at: now + .seconds(60)) == true)
        #expect(window.admit(second, at: now + .seconds(60)) == false)
        #expect(window.admit(second, at: now + .seconds(61)) == true)
    }
}
