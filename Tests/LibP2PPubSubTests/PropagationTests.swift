import LibP2PIdentity
import Multiformats
import NIOCore
import Testing

@testable import LibP2PPubSub

struct PropagationTests {
    @Test func aMessageGoesToTheMeshOnceAndToFloodPeers() throws {
        var field = try RouterField()
        try field.add(0..<20)
        try field.add(20..<23, .floodsub)
        field.join()
        _ = field.takeSent()
        let message = try field.message()
        let source = try #require(field.mesh.first)
        field.receive(RPC(messages: [message]), from: source)
        let flood = try (20..<23).map { try RouterField.peer($0) }
        #expect(field.takeReceivers() == field.mesh.union(flood).subtracting([source]))
        #expect(field.deliveries.map(\.data) == [[1]])
        field.receive(RPC(messages: [message]), from: try RouterField.peer(21))
        #expect(field.takeReceivers().isEmpty)
        #expect(field.deliveries.count == 1)
        #expect(field.router.statistics.duplicateMessages == 1)
        // It does not come back to its author.
        field.receive(RPC(messages: [try field.message(by: 20)]), from: source)
        #expect(field.takeReceivers() == field.mesh.union(flood.dropFirst()).subtracting([source]))
    }

    @Test func ownMessagesGoToAll() throws {
        var field = try RouterField()
        try field.add(0..<20)
        try field.add([30], to: "other")
        let count = field.router.publish(try field.message(by: RouterField.ownKey), at: field.now)
        field.act()
        #expect(count == 20)
        #expect(field.takeReceivers().count == 20)
        // When it comes back it is neither new nor delivered, even after it was forgotten.
        let message = try field.message(by: RouterField.ownKey)
        field.join()
        field.receive(RPC(messages: [message]), from: try RouterField.peer(1))
        #expect(field.deliveries.isEmpty)
    }

    @Test func withoutFloodingAFanoutIsKept() throws {
        var field = try RouterField { $0.floodsPublishing = false }
        try field.add(0..<20)
        try field.add([20], .floodsub)
        func publish() throws -> Set<PeerID> {
            _ = field.router.publish(try field.message(by: RouterField.ownKey), at: field.now)
            field.act()
            return field.takeReceivers()
        }
        let first = try publish()
        #expect(first.count == 7)
        #expect(first.contains(try RouterField.peer(20)))
        field.pass(59)
        #expect(try publish() == first)
        let gone = try #require(first.first { $0 != (try? RouterField.peer(20)) })
        field.router.remove(gone, at: field.now)
        field.pass(1)
        let later = try publish()
        #expect(later.count == 7)
        #expect(later.intersection(first).count == 6)
        field.pass(61)
        #expect(field.router.fanouts.isEmpty)
        // Those who were published to are the first of the mesh.
        let last = try publish()
        field.join()
        #expect(field.mesh == last.subtracting([try RouterField.peer(20)]))
        #expect(field.router.fanouts.isEmpty)
    }

    @Test func invalidMessagesKeepNobodysPlace() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<4)
        let good = try field.message()
        var forged = good
        forged.data = ByteBuffer(bytes: [6, 6, 6])
        field.receive(RPC(messages: [forged]), from: try RouterField.peer(1))
        #expect(field.deliveries.isEmpty)
        #expect(field.router.score(try RouterField.peer(1), at: field.now) < 0)
        field.receive(RPC(messages: [good]), from: try RouterField.peer(2))
        #expect(field.deliveries.map(\.data) == [[1]])
        for _ in 0..<3 { field.receive(RPC(messages: [forged]), from: try RouterField.peer(1)) }
        // By now the id is known; the rest is nobody's fault.
        #expect(field.router.statistics.invalidMessages == 1)
    }

    @Test func aForgerIsSilenced() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<4)
        let forger = try RouterField.peer(1)
        for _ in 0..<100 {
            var forged = try field.message()
            forged.signature?[3] ^= 1
            field.receive(RPC(messages: [forged]), from: forger)
        }
        #expect(field.router.statistics.invalidMessages == 5)
        #expect(field.router.statistics.graylistedRPCs == 95)
        // It does not help to go and come again.
        field.router.remove(forger, at: field.now)
        field.pass(60)
        try field.add([1])
        #expect(field.router.score(forger, at: field.now) < -80)
        field.router.remove(forger, at: field.now)
        field.pass(601)
        #expect(field.router.score(forger, at: field.now) == 0)
    }

    @Test func theApplicationJudges() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<3)
        let peer = try RouterField.peer(1)
        _ = field.takeSent()
        field.receive(RPC(messages: [try field.message()]), from: peer) { _ in .ignore }
        #expect(field.router.score(peer, at: field.now) >= 0)
        field.receive(RPC(messages: [try field.message()]), from: peer) { _ in .reject }
        #expect(field.router.score(peer, at: field.now) < 0)
        #expect(field.takeReceivers().isEmpty)
        #expect(field.deliveries.isEmpty)
    }

    @Test func whatIsNotWantedIsNotLookedAt() throws {
        var field = try RouterField()
        field.join()
        try field.add([1])
        var two = try field.message()
        two.topics.append("u")
        field.receive(
            RPC(messages: [two, try field.message(topic: "other")]), from: try RouterField.peer(1),
            validate: { _ in
                Issue.record("it was looked at")
                return .accept
            })
        #expect(field.router.statistics.ignoredMessages == 2)
        field.receive(RPC(messages: [try field.message()]), from: try RouterField.peer(999))
        #expect(field.deliveries.isEmpty)
    }

    @Test func aFloodIsCutOff() throws {
        var field = try RouterField { $0.limits.messagesPerHeartbeat = 20 }
        field.join()
        try field.add(0..<2)
        let peer = try RouterField.peer(1)
        for _ in 0..<6 {
            let flood = try (0..<30).map { _ in try field.message() }
            field.receive(RPC(messages: flood), from: peer)
            field.pass(1)
        }
        #expect(field.router.statistics.floodedMessages >= 50)
        #expect(field.router.score(peer, at: field.now) < 0)
        #expect(!field.mesh.contains(peer))
    }

    @Test func shortAnnouncementsSpareLongMessages() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<3, .meshsub12)
        try field.add([3], .meshsub11)
        _ = field.takeSent()
        let long = try field.message([UInt8](repeating: 1, count: 2_000))
        let id = try #require(long.id)
        field.receive(ControlMessage(iDontWant: [id]), from: try RouterField.peer(2))
        field.receive(RPC(messages: [long]), from: try RouterField.peer(0))
        let sent = field.takeSent()
        #expect(
            Set(sent.filter { !$0.rpc.messages.isEmpty }.map(\.peer))
                == [try RouterField.peer(1), try RouterField.peer(3)])
        #expect(
            Set(sent.filter { $0.rpc.control.iDontWant == [id] }.map(\.peer))
                == [try RouterField.peer(1), try RouterField.peer(2)])
        // After three heartbeats it is forgotten.
        field.receive(ControlMessage(iWant: [id]), from: try RouterField.peer(2))
        #expect(field.takeReceivers().isEmpty)
        field.pass(3)
        field.receive(ControlMessage(iWant: [id]), from: try RouterField.peer(2))
        #expect(field.takeReceivers() == [try RouterField.peer(2)])
        field.receive(
            ControlMessage(iDontWant: (0..<5_000).map { MessageID(bytes: [UInt8($0 >> 8), UInt8($0 & 0xff)]) }),
            from: try RouterField.peer(2))
        #expect(field.router.peers[try RouterField.peer(2)]?.unwanted.count == 512)
    }

    @Test func neighboursOnOneAddressLoseTogether() throws {
        var field = try RouterField { $0.score.colocationThreshold = 4 }
        let address = try #require(IPAddress("8.8.4.7"))
        try field.add(0..<4, address: address)
        #expect(field.router.score(try RouterField.peer(0), at: field.now) == 0)
        try field.add(4..<7, address: address)
        #expect(field.router.score(try RouterField.peer(0), at: field.now) == -9)
        for number in 4..<7 { field.router.remove(try RouterField.peer(number), at: field.now) }
        #expect(field.router.score(try RouterField.peer(0), at: field.now) == 0)
    }

    /// Behind a reverse proxy all peers have its address.
    @Test func aProxysAddressSaysNothing() throws {
        var field = try RouterField {
            $0.score.colocationThreshold = 4
            $0.score.colocationSpared = [IPPrefix("8.8.4.0/24")].compactMap { $0 }
        }
        func score(_ numbers: Range<Int>, at text: String) throws -> Double {
            let address = try #require(IPAddress(text))
            try field.add(numbers, address: address)
            defer {
                for number in numbers {
                    if let peer = try? RouterField.peer(number) { field.router.remove(peer, at: field.now) }
                }
            }
            return field.router.score(try RouterField.peer(numbers.lowerBound), at: field.now)
        }
        #expect(try score(0..<7, at: "8.8.4.7") == 0)
        #expect(try score(0..<7, at: "127.0.0.1") == 0)
        #expect(try score(0..<7, at: "10.1.2.3") == 0)
        #expect(try score(0..<7, at: "::ffff:8.8.4.7") == 0)
        #expect(try score(0..<7, at: "8.8.8.8") == -9)
    }

    /// A machine has all addresses of its network of IPv6.
    @Test func aNetworkOfIPv6IsOneAddress() throws {
        var field = try RouterField { $0.score.colocationThreshold = 4 }
        for number in 0..<7 {
            try field.add(number..<(number + 1), address: IPAddress("2600:1:2:3::\(number + 1)"))
        }
        #expect(field.router.score(try RouterField.peer(0), at: field.now) == -9)
        try field.add(7..<8, address: IPAddress("2600:1:2:4::1"))
        #expect(field.router.score(try RouterField.peer(7), at: field.now) == 0)
    }

    @Test func everythingIsBounded() throws {
        var field = try RouterField {
            $0.limits.seenIDs = 50
            $0.limits.cacheBytes = 5_000
            $0.limits.backoffs = 10
            $0.limits.retainedScores = 10
            $0.limits.topicsPerPeer = 20
            $0.floodsPublishing = false
            $0.limits.fanoutTopics = 5
        }
        field.join()
        try field.add(0..<40)
        for number in 0..<40 {
            let peer = try RouterField.peer(number)
            field.receive(
                RPC(
                    subscriptions: (0..<100).map { .init(topic: "x\($0)", isWanted: true) } + [
                        .init(topic: String(repeating: "x", count: 300), isWanted: true)
                    ], control: .init(graft: (0..<100).map { "x\($0)" }, prune: [.init(topic: "t")])), from: peer)
            #expect(field.router.peers[peer]?.topics.count == 20)
            for _ in 0..<5 { field.receive(RPC(messages: [try field.message()]), from: peer) }
            field.router.punish(peer, 10)
            _ = field.router.publish(try field.message(by: RouterField.ownKey, topic: "x\(number % 20)"), at: field.now)
            field.act()
        }
        #expect(field.router.seen.count == 50)
        #expect(field.router.cache.byteCount <= 5_000)
        #expect(field.router.backoffs.count <= 10)
        #expect(field.router.fanouts.count <= 5)
        for number in 0..<40 { field.router.remove(try RouterField.peer(number), at: field.now) }
        #expect(field.router.scores.count == 10)
        #expect(field.router.peers.isEmpty && field.mesh.isEmpty && field.router.subscribers(of: "x1").isEmpty)
    }
}
