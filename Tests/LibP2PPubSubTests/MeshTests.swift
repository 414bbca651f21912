import LibP2PIdentity
import NIOCore
import Testing

@testable import LibP2PPubSub

struct MeshTests {
    @Test func joiningTellsAllAndTakesSixIn() throws {
        var field = try RouterField()
        try field.add(0..<20)
        try field.add(20..<25, to: nil)
        try field.add(25..<30, .floodsub)
        #expect(field.takeSent().isEmpty)
        field.join()
        let sent = field.takeSent()
        #expect(
            Set(sent.filter { $0.rpc.subscriptions == [.init(topic: "t", isWanted: true)] }.map(\.peer)).count == 30)
        let grafted = sent.filter { $0.rpc.control.graft == ["t"] }.map(\.peer)
        #expect(Set(grafted) == field.mesh)
        #expect(grafted.count == 6)
        // The subscription comes first: a GRAFT of a topic that one is not known to be in would be ignored.
        for peer in grafted { #expect(sent.first { $0.peer == peer }?.rpc.subscriptions.isEmpty == false) }
        #expect(try (0..<20).map { try RouterField.peer($0) }.filter(field.mesh.contains).count == 6)
    }

    @Test func whoComesLaterIsToldAndTakenIn() throws {
        var field = try RouterField()
        field.join("b")
        field.join("a")
        try field.add([1], to: nil)
        let greeting = field.takeSent()
        #expect(
            greeting.map(\.rpc.subscriptions) == [
                [.init(topic: "a", isWanted: true), .init(topic: "b", isWanted: true)]
            ])
        field.join("t")
        field.receive(RPC(subscriptions: [.init(topic: "t", isWanted: true)]), from: try RouterField.peer(1))
        #expect(field.mesh == [try RouterField.peer(1)])
        field.receive(RPC(subscriptions: [.init(topic: "t", isWanted: false)]), from: try RouterField.peer(1))
        #expect(field.mesh.isEmpty)
        #expect(field.router.subscribers(of: "t").isEmpty)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func aCrowdedMeshIsThinnedOut(seed: UInt64) throws {
        var field = try RouterField(seed: seed)
        field.join()
        try field.add(0..<12, to: "t")
        for number in 0..<12 { field.receive(ControlMessage(graft: ["t"]), from: try RouterField.peer(number)) }
        #expect(field.mesh.count == 12)
        // Those we dialled may still come in.
        try field.add(100..<103, outbound: true)
        for number in 100..<103 { field.receive(ControlMessage(graft: ["t"]), from: try RouterField.peer(number)) }
        #expect(field.mesh.count == 15)
        // One brought messages: it stays.
        let best = try RouterField.peer(7)
        for _ in 0..<5 { field.receive(RPC(messages: [try field.message()]), from: best) }
        _ = field.takeSent()
        field.pass(1)
        #expect(field.mesh.count == 6)
        #expect(field.mesh.contains(best))
        #expect(try (100..<103).filter { field.mesh.contains(try RouterField.peer($0)) }.count >= 2)
        let pruned = field.takeSent().filter { !$0.rpc.control.prune.isEmpty }
        #expect(pruned.count == 9)
        for (peer, rpc) in pruned {
            let prune = try #require(rpc.control.prune.first)
            #expect(prune.topic == "t" && prune.backoff == 60)
            #expect(prune.peers.count == 14)
            #expect(!prune.peers.contains { $0.id == peer.bytes })
            #expect(prune.peers.allSatisfy { $0.record == Array($0.id.suffix(4)) })
        }
    }

    @Test func aFullMeshTakesNobodyIn() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<13)
        try field.add([50], .meshsub10)
        for number in 0..<12 { field.receive(ControlMessage(graft: ["t"]), from: try RouterField.peer(number)) }
        _ = field.takeSent()
        field.receive(ControlMessage(graft: ["t"]), from: try RouterField.peer(12))
        field.receive(ControlMessage(graft: ["t"]), from: try RouterField.peer(50))
        let answers = field.takeSent().map(\.rpc.control.prune)
        #expect(answers.first?.first?.peers.count == 13)
        // Gossipsub 1.0 knows neither back-off nor exchange.
        #expect(answers.last == [.init(topic: "t")])
        #expect(field.mesh.count == 12)
    }

    @Test func comingBackTooEarlyCounts() throws {
        var field = try RouterField()
        field.join()
        try field.add([1])
        let peer = try RouterField.peer(1)
        field.receive(ControlMessage(prune: [.init(topic: "t", backoff: 60)]), from: peer)
        #expect(field.mesh.isEmpty)
        _ = field.takeSent()
        // Neither side asks again before the time is over.
        field.pass(60)
        #expect(field.takeSent().isEmpty)
        field.pass(1)
        #expect(field.mesh == [peer])

        field.receive(ControlMessage(prune: [.init(topic: "t", backoff: 60)]), from: peer)
        _ = field.takeSent()
        for _ in 0..<4 { field.receive(ControlMessage(graft: ["t"]), from: peer) }
        #expect(field.takeSent().filter { !$0.rpc.control.prune.isEmpty }.count == 3)
        #expect(field.mesh.isEmpty)
        #expect(field.router.score(peer, at: field.now) < field.router.configuration.score.graylistThreshold)
        // It is not listened to any more, until time has passed.
        field.receive(RPC(messages: [try field.message()]), from: peer)
        #expect(field.router.statistics.graylistedRPCs == 2)
        #expect(field.deliveries.isEmpty)
        field.pass(300)
        field.receive(RPC(messages: [try field.message()]), from: peer)
        #expect(field.deliveries.count == 1)
    }

    @Test func backoffsHaveALimitOfTheirOwn() throws {
        var field = try RouterField()
        field.join()
        try field.add([1])
        field.receive(ControlMessage(prune: [.init(topic: "t", backoff: .max)]), from: try RouterField.peer(1))
        let end = try #require(field.router.backoffs.end("t", try RouterField.peer(1)))
        #expect(end - field.now == .hours(1))
    }

    @Test func leavingTellsTheMeshToWaitTenSeconds() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<4)
        _ = field.takeSent()
        field.router.leave("t", at: field.now)
        field.act()
        let sent = field.takeSent()
        #expect(sent.filter { $0.rpc.subscriptions == [.init(topic: "t", isWanted: false)] }.count == 4)
        #expect(sent.compactMap(\.rpc.control.prune.first?.backoff) == [10, 10, 10, 10])
        // Coming back at once must not break what the others were told.
        field.join()
        #expect(field.mesh.isEmpty)
        field.pass(11)
        #expect(field.mesh.count == 4)
    }

    @Test func unknownTopicsGetNoAnswer() throws {
        var field = try RouterField()
        try field.add([1], to: nil)
        field.receive(ControlMessage(graft: ["x", "y"], prune: [.init(topic: "z")]), from: try RouterField.peer(1))
        #expect(field.takeSent().isEmpty)
    }

    @Test func badPeersLeaveTheMesh() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<6)
        let bad = try RouterField.peer(3)
        var forged = try field.message()
        forged.signature?[0] ^= 1
        field.receive(RPC(messages: [forged]), from: bad)
        _ = field.takeSent()
        field.pass(1)
        #expect(!field.mesh.contains(bad))
        let pruned = field.takeSent().first { $0.peer == bad }?.rpc.control.prune.first
        #expect(pruned?.peers.isEmpty == true)
    }

    @Test func aPoorMeshIsImproved() throws {
        var field = try RouterField { $0.opportunisticHeartbeats = 5 }
        field.join()
        try field.add(0..<6)
        #expect(field.mesh.count == 5)
        field.pass(1)
        try field.add(10..<20)
        // Two outside of the mesh bring what the mesh does not.
        for number in [12, 17] {
            for _ in 0..<5 { field.receive(RPC(messages: [try field.message()]), from: try RouterField.peer(number)) }
        }
        let before = field.mesh
        field.pass(5)
        #expect(field.mesh.subtracting(before) == [try RouterField.peer(12), try RouterField.peer(17)])
    }

    @Test func namedPeersAreConnectedToIfTheScoreIsGood() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<2)
        let named = try (200..<240).map { ControlMessage.ExchangedPeer(id: try RouterField.peer($0).bytes) }
        let known = ControlMessage.ExchangedPeer(id: try RouterField.peer(1).bytes)
        let junk = ControlMessage.ExchangedPeer(id: [1, 2, 3])
        field.receive(
            ControlMessage(prune: [.init(topic: "t", peers: [known, junk] + named, backoff: 60)]),
            from: try RouterField.peer(0))
        #expect(field.connects.count == 16)
        #expect(Set(field.connects).isSubset(of: try (200..<240).map { try RouterField.peer($0) }))
        field.router.punish(try RouterField.peer(1), 5)
        field.receive(ControlMessage(prune: [.init(topic: "t", peers: named)]), from: try RouterField.peer(1))
        #expect(field.connects.count == 16)
    }
}
