import LibP2PCore
import LibP2PIdentity
import Multiformats
import Testing

@testable import LibP2PBasics

struct PeerDescriptionTests {
    private let old = "/ip4/192.0.2.1/tcp/1"
    private let new = "/ip4/192.0.2.2/tcp/2"

    private func record(_ sequence: UInt64, _ address: String, by key: PrivateKey) throws -> [UInt8] {
        try PeerRecord(peerID: key.peerID, sequence: sequence, addresses: [try Multiaddr(address)])
            .seal(with: key).protobuf
    }

    private func message(_ addresses: [String] = [], record: [UInt8]? = nil) throws -> IdentifyMessage {
        var message = IdentifyMessage()
        message.listenAddresses = try addresses.map { try Multiaddr($0).bytes }
        message.signedPeerRecord = record
        return message
    }

    @Test func takesTheAddressesOfASignedRecord() throws {
        let key = try key(1)
        let envelope = try record(1, new, by: key)
        let told = PeerDescription(
            try message([old], record: envelope), of: key.peerID, known: nil, isPush: false)
        #expect(told.addresses == [try Multiaddr(new)])
        #expect(told.signedPeerRecord == envelope)
    }

    @Test func aRecordOfAnotherPeerDoesNotCount() throws {
        let told = PeerDescription(
            try message([old], record: try record(1, new, by: try key(2))), of: try key(1).peerID, known: nil,
            isPush: false)
        #expect(told.addresses == [try Multiaddr(old)])
        #expect(told.signedPeerRecord == nil)
    }

    @Test func anOlderRecordDoesNotReplaceANewerOne() throws {
        let key = try key(1)
        let newer = try record(2, new, by: key)
        let known = PeerDescription(addresses: [try Multiaddr(new)], signedPeerRecord: newer)
        for sequence in [1, 2] as [UInt64] {
            let told = PeerDescription(
                try message(record: try record(sequence, old, by: key)), of: key.peerID, known: known, isPush: false)
            #expect(told.addresses == [try Multiaddr(new)])
            #expect(told.signedPeerRecord == newer)
        }
        let newest = PeerDescription(
            try message(record: try record(3, old, by: key)), of: key.peerID, known: known, isPush: false)
        #expect(newest.addresses == [try Multiaddr(old)])
    }

    @Test func whatAPushLeavesOutStays() throws {
        let peer = try key(1).peerID
        let known = PeerDescription(
            addresses: [try Multiaddr(old)], protocols: ["/a"], agentVersion: "agent", protocolVersion: "net")
        #expect(PeerDescription(IdentifyMessage(), of: peer, known: known, isPush: true) == known)
        #expect(PeerDescription(IdentifyMessage(), of: peer, known: known, isPush: false) == PeerDescription())

        let moved = PeerDescription(try message([new]), of: peer, known: known, isPush: true)
        #expect(moved.addresses == [try Multiaddr(new)])
        #expect(moved.protocols == ["/a"])
    }

    @Test func keepsOnlyTheAddressesOfThePeer() throws {
        let peer = try key(1).peerID
        let other = try key(2).peerID
        var told = try message([old, "\(old)/p2p/\(peer)", "\(new)/p2p/\(other)", "/p2p/\(peer)"])
        told.listenAddresses.append([0xff, 0xff, 0x7f])
        #expect(PeerDescription(told, of: peer, known: nil, isPush: false).addresses == [try Multiaddr(old)])
    }

    @Test func makesVersionsPrintable() throws {
        var message = IdentifyMessage()
        message.agentVersion = "evil\u{1b}[2J\n" + String(repeating: "x", count: 500)
        let told = PeerDescription(message, of: try key(1).peerID, known: nil, isPush: false)
        #expect(told.agentVersion.hasPrefix("evil[2Jx"))
        #expect(told.agentVersion.count <= PeerDescription.maxVersionLength)
    }
}

struct OwnRecordsTests {
    private let records: OwnRecords
    private let audience = Audience(scope: .public, allowsPrivateAddresses: false, vocabulary: .current)

    init() throws {
        records = OwnRecords(identity: try key(1), clock: WallClock { Timestamp(seconds: 7) })
    }

    private func sequence(_ addresses: [Multiaddr], to audience: Audience) throws -> UInt64 {
        try PeerRecord(opening: try #require(records.envelope(for: addresses, to: audience))).sequence
    }

    @Test func signsEachListOnceAndCountsUp() throws {
        let first = [try Multiaddr("/ip4/192.0.2.1/tcp/1")]
        let envelope = try #require(records.envelope(for: first, to: audience))
        #expect(records.envelope(for: first, to: audience) == envelope)
        #expect(try PeerRecord(opening: envelope).sequence == 7_000_000_000)
        #expect(try PeerRecord(opening: envelope).addresses == first)
        #expect(try sequence([], to: audience) == 7_000_000_001)
    }

    /// Peers would not take the old record: it is older than the one they have.
    @Test func addressesThatComeBackAreSignedAnew() throws {
        let (first, second) = ([try Multiaddr("/ip4/192.0.2.1/tcp/1")], [try Multiaddr("/ip4/192.0.2.1/tcp/2")])
        let sequences = try [first, second, first, first].map { try sequence($0, to: audience) }
        #expect(sequences == [7_000_000_000, 7_000_000_001, 7_000_000_002, 7_000_000_002])
    }

    @Test func whoReadsOldWordsGetsANewerRecordThanItHad() throws {
        var old = audience
        old.vocabulary = .year2020
        for port in 1...3 {
            let addresses = [try Multiaddr("/ip4/192.0.2.1/tcp/\(port)")]
            #expect(try sequence(addresses, to: audience) < sequence(addresses, to: old))
        }
        let last = [try Multiaddr("/ip4/192.0.2.1/tcp/3")]
        #expect(try sequence(last, to: old) == sequence(last, to: old))
    }
}

struct AudienceTests {
    private let own = ["/ip4/127.0.0.1/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip4/8.8.8.8/tcp/1", "/memory/1"]

    private func told(to scope: IPAddress.Scope?, allowsPrivate: Bool = false) throws -> [String] {
        Audience(scope: scope, allowsPrivateAddresses: allowsPrivate, vocabulary: .current)
            .addresses(of: try own.map { try Multiaddr($0) }).map(\.description)
    }

    @Test func tellsStrangersWhatTheyCanReach() throws {
        #expect(try told(to: .public) == [own[2], own[3]])
        #expect(try told(to: .private) == [own[1], own[2], own[3]])
        #expect(try told(to: .loopback) == own)
        #expect(try told(to: nil) == own)
        #expect(try told(to: .public, allowsPrivate: true) == own)
    }

    @Test func tellsOldProgramsWhatTheyCanRead() throws {
        let own = try ["/ip4/8.8.8.8/tcp/1", "/dns4/example.com/tcp/443/tls/ws"].map { try Multiaddr($0) }
        let audience = Audience(scope: .public, allowsPrivateAddresses: false, vocabulary: .year2020)
        #expect(audience.addresses(of: own) == [own[0]])
    }

    @Test func staysWithinTheBudget() throws {
        let own = try (1...1000).map { try Multiaddr("/ip4/8.8.8.8/tcp/\($0)") }
        let audience = Audience(scope: .public, allowsPrivateAddresses: false, vocabulary: .current)
        #expect(audience.addresses(of: own).count == Audience.maxAddressBytes / 8)
    }
}

struct PushScheduleTests {
    @Test func tellsOnceForManyChanges() {
        var schedule = PushSchedule()
        #expect(schedule.changed() == true)
        #expect(schedule.changed() == false)
        schedule.began()
        #expect(schedule.ended() == false)
        #expect(schedule.changed() == true)
    }

    @Test func aChangeDuringAPushIsToldAfterIt() {
        var schedule = PushSchedule()
        #expect(schedule.changed() == true)
        schedule.began()
        #expect(schedule.changed() == false)
        #expect(schedule.changed() == false)
        #expect(schedule.ended() == true)
        schedule.began()
        #expect(schedule.ended() == false)
    }
}
