import LibP2PIdentity
import NIOCore
import Testing

@testable import LibP2PPubSub

struct GossipTests {
    private func ids(_ range: Range<Int>) -> [MessageID] {
        range.map { MessageID(bytes: [1, UInt8($0 >> 8), UInt8($0 & 0xff)]) }
    }

    @Test func thoseOutsideOfTheMeshAreToldWhatThereIs() throws {
        var field = try RouterField()
        try field.add(0..<46)
        try field.add([90], .floodsub)
        field.join()
        let message = try field.message()
        let id = try #require(message.id)
        field.receive(RPC(messages: [message]), from: try #require(field.mesh.first))
        _ = field.takeSent()
        field.pass(1)
        let told = field.takeSent().filter { !$0.rpc.control.iHave.isEmpty }
        // A quarter of the forty.
        #expect(told.count == 10)
        #expect(
            told.allSatisfy { !field.mesh.contains($0.peer) && $0.rpc.control.iHave == [.init(topic: "t", ids: [id])] })
        field.pass(2)
        #expect(!field.takeSent().filter { !$0.rpc.control.iHave.isEmpty }.isEmpty)
        field.pass(1)
        #expect(field.takeSent().filter { !$0.rpc.control.iHave.isEmpty }.isEmpty)
    }

    @Test func whatIsAskedForIsSentThreeTimes() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<3)
        let message = try field.message()
        let id = try #require(message.id)
        field.receive(RPC(messages: [message]), from: try RouterField.peer(0))
        _ = field.takeSent()
        var answers = 0
        for _ in 0..<5 {
            field.receive(
                ControlMessage(iWant: [id, MessageID(bytes: [9])]), from: try RouterField.peer(1))
            answers += field.takeSent().filter { $0.rpc.messages == [message] }.count
        }
        #expect(answers == 3)
        field.pass(5)
        field.receive(ControlMessage(iWant: [id]), from: try RouterField.peer(2))
        #expect(field.takeSent().filter { !$0.rpc.messages.isEmpty }.isEmpty)
    }

    @Test func newIDsAreAskedForWithinLimits() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<3)
        let known = try field.message()
        let knownID = try #require(known.id)
        field.receive(RPC(messages: [known]), from: try RouterField.peer(0))
        _ = field.takeSent()
        let peer = try RouterField.peer(1)
        field.receive(
            ControlMessage(iHave: [
                .init(topic: "t", ids: ids(0..<3) + ids(0..<3) + [knownID]), .init(topic: "x", ids: ids(3..<6)),
                .init(topic: nil, ids: ids(6..<9)),
            ]), from: peer)
        #expect(Set(field.takeSent().flatMap(\.rpc.control.iWant)) == Set(ids(0..<3)))
        // Ten advertisements a heartbeat, and five thousand ids.
        for round in 1..<20 {
            field.receive(ControlMessage(iHave: [.init(topic: "t", ids: ids(round * 10..<round * 10 + 1))]), from: peer)
        }
        #expect(field.takeSent().filter { !$0.rpc.control.iWant.isEmpty }.count == 9)
        let other = try RouterField.peer(2)
        field.receive(ControlMessage(iHave: [.init(topic: "t", ids: ids(1_000..<5_000))]), from: other)
        field.receive(ControlMessage(iHave: [.init(topic: "t", ids: ids(6_000..<10_000))]), from: other)
        #expect(field.takeSent().reduce(0) { $0 + $1.rpc.control.iWant.count } == 5_000)
        field.pass(1)
        field.receive(ControlMessage(iHave: [.init(topic: "t", ids: ids(20_000..<20_001))]), from: peer)
        #expect(field.takeSent().contains { $0.rpc.control.iWant == ids(20_000..<20_001) })
    }

    @Test func emptyPromisesAreHeldAgainstAPeer() throws {
        var field = try RouterField()
        field.join()
        try field.add(0..<3)
        let liar = try RouterField.peer(1)
        let honest = try RouterField.peer(2)
        for round in 0..<8 {
            let message = try field.message()
            let id = try #require(message.id)
            field.receive(ControlMessage(iHave: [.init(topic: "t", ids: [id])]), from: honest)
            field.receive(RPC(messages: [message]), from: honest)
            field.receive(ControlMessage(iHave: [.init(topic: "t", ids: ids(round..<round + 1))]), from: liar)
            field.pass(1)
        }
        field.pass(3)
        #expect(field.router.score(liar, at: field.now) < field.router.configuration.score.graylistThreshold)
        #expect(field.router.score(honest, at: field.now) > 0)
        // Gossip to and from it has ended before.
        _ = field.takeSent()
        field.receive(ControlMessage(iHave: [.init(topic: "t", ids: ids(700..<701))]), from: liar)
        #expect(field.takeSent().isEmpty)
    }

    @Test func floodPeersTakeNoPartInIt() throws {
        var field = try RouterField()
        field.join()
        try field.add([1], .floodsub)
        let peer = try RouterField.peer(1)
        field.receive(
            ControlMessage(
                iHave: [.init(topic: "t", ids: ids(0..<3))], graft: ["t"], prune: [.init(topic: "t")]), from: peer)
        #expect(field.takeSent().filter { !$0.rpc.control.isEmpty }.isEmpty)
        #expect(field.mesh.isEmpty)
    }
}
