import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import StarSignalling

@Suite("Peers meet at the star")
struct StarHubTests {
    @Test("a newcomer is told of those already there, the newest first, in one write; and they of it")
    func introductions() {
        StarLaboratory.run(refreshPeers: 3) { laboratory in
            let others = (0..<5).map { laboratory.peer("/\($0)") }
            let newcomer = laboratory.client()
            newcomer.join("/new")
            #expect(newcomer.output.batches == 1)
            #expect(newcomer.heard() == ["/4", "/3", "/2"])
            laboratory.settle()
            #expect(newcomer.heard().isEmpty)
            for other in others { #expect(other.heard().last == "/new") }
        }
    }

    @Test("those who join at one moment hear of one another once, and never of themselves")
    func crowd() {
        StarLaboratory.run { laboratory in
            let clients = (0..<50).map { _ in laboratory.client() }
            for (number, client) in clients.enumerated() { client.join("/\(number)") }
            laboratory.settle()
            for (number, client) in clients.enumerated() {
                let heard = client.heard()
                #expect(heard.count == 49)
                #expect(Set(heard).count == 49)
                #expect(!heard.contains("/\(number)"))
            }
        }
    }

    @Test("announcements of a moment are written at once, others no sooner than 10 ms later")
    func gathering() {
        StarLaboratory.run { laboratory in
            let listener = laboratory.peer("/listener")
            listener.output.batches = 0
            for number in 0..<10 { laboratory.client().join("/a\(number)") }
            laboratory.simulation.loop.runDue()
            #expect(listener.output.batches == 1)
            #expect(listener.heard().count == 10)
            for number in 0..<10 { laboratory.client().join("/b\(number)") }
            laboratory.advance(by: .milliseconds(9))
            #expect(listener.output.batches == 1)
            laboratory.advance(by: .milliseconds(1))
            #expect(listener.output.batches == 2)
            #expect(listener.heard().count == 10)
        }
    }

    @Test("in each interval all hear of all others once, unless there are too many")
    func refresh() {
        StarLaboratory.run { laboratory in
            let peers = (0..<20).map { laboratory.peer("/\($0)") }
            laboratory.advance(by: .seconds(10))
            for peer in peers { _ = peer.heard() }
            laboratory.advance(by: .seconds(10))
            for (number, peer) in peers.enumerated() {
                let heard = peer.heard()
                #expect(heard.count == 19)
                #expect(Set(heard) == Set((0..<20).map { "/\($0)" }).subtracting(["/\(number)"]))
            }
            peers[7].disconnect()
            laboratory.advance(by: .seconds(10))
            #expect(!peers[8].heard().contains("/7"))
        }
    }

    @Test("nobody is told again of what it was told of within the last interval, after its own join")
    func noRefreshTooSoon() {
        StarLaboratory.run { laboratory in
            let peers = (0..<500).map { laboratory.client().joining("/\($0)") }
            laboratory.settle()
            for peer in peers { _ = peer.heard() }
            laboratory.advance(by: .seconds(5))
            #expect(peers.allSatisfy { $0.output.texts.isEmpty })
            laboratory.advance(by: .seconds(5))
            #expect(peers.allSatisfy { (255...256).contains($0.heard().count) })
        }
    }

    @Test("a refresh of many peers is bounded, and goes round until all have come")
    func rotation() {
        StarLaboratory.run(refreshPeers: 16) { laboratory in
            let peers = (0..<60).map { laboratory.peer("/\($0)") }
            for peer in peers { _ = peer.heard() }
            var heard = Array(repeating: Set<String>(), count: peers.count)
            for _ in 0..<4 {
                laboratory.advance(by: .seconds(10))
                for (number, peer) in peers.enumerated() {
                    let now = peer.heard()
                    #expect(now.count <= 16)
                    heard[number].formUnion(now)
                }
            }
            for (number, addresses) in heard.enumerated() {
                #expect(addresses == Set((0..<60).map { "/\($0)" }).subtracting(["/\(number)"]))
            }
        }
    }

    @Test("the newest join of an address wins, and only it ends the entry")
    func takeOver() {
        StarLaboratory.run { laboratory in
            let old = laboratory.peer("/a")
            let new = laboratory.peer("/a")
            let other = laboratory.peer("/b")
            _ = (old.heard(), new.heard())
            #expect(laboratory.hub.roster.localCount == 2)
            old.offer(from: "/a", to: "/b")
            #expect(other.output.texts.isEmpty)
            #expect(laboratory.hub.counters[StarRefusal.foreignSource] == 1)
            old.send("ss-leave")
            old.disconnect()
            other.offer(from: "/b", to: "/a")
            #expect(new.output.texts == [#"42["ws-handshake",\#(StarClient.offer(from: "/b", to: "/a"))]"#])
            #expect(laboratory.hub.roster.localCount == 2)
            new.disconnect()
            #expect(laboratory.hub.roster.localCount == 1)
        }
    }

    @Test("a second join under another address moves the socket")
    func move() {
        StarLaboratory.run { laboratory in
            let peer = laboratory.peer("/a")
            let other = laboratory.peer("/b")
            peer.join("/c")
            laboratory.settle()
            #expect(other.heard() == ["/c"])
            #expect(laboratory.hub.roster.localCount == 2)
            peer.output.texts = []
            other.offer(from: "/b", to: "/a")
            #expect(other.output.texts.first?.contains("peer is not available") == true)
            other.offer(from: "/b", to: "/c")
            #expect(peer.output.texts.count == 1)
        }
    }

    @Test("a peer that leaves hears no more, until it joins again")
    func leave() {
        StarLaboratory.run { laboratory in
            let peer = laboratory.peer("/a")
            peer.send("ss-leave")
            let other = laboratory.peer("/b")
            laboratory.advance(by: .seconds(20))
            #expect(peer.output.texts.isEmpty)
            #expect(other.output.texts.isEmpty)
            peer.join("/a")
            #expect(peer.heard() == ["/b"])
        }
    }

    @Test(
        "a join that names no address is ignored and counted",
        arguments: [
            "5", "null", "{}", "[]", "true", #""""#, #""\ud800""#, #""\ud800\ud800""#,
            "\"" + String(repeating: "x", count: 1025) + "\"",
        ])
    func malformedJoin(argument: String) {
        StarLaboratory.run { laboratory in
            let other = laboratory.peer("/b")
            let client = laboratory.client()
            client.send("ss-join", argument)
            client.send("ss-join")
            laboratory.settle()
            #expect(other.output.texts.isEmpty)
            #expect(client.output.texts.isEmpty)
            #expect(laboratory.hub.counters[StarRefusal.malformedJoin] == 2)
            #expect(laboratory.hub.counters[StarCounters.Event.joinFailures] == 2)
        }
    }

    @Test("an address may be any text", arguments: ["x", "/dns4/a/tcp/443", "ü\u{0}\\\"", "e\u{301}", "🦆"])
    func anyAddress(text: String) {
        StarLaboratory.run { laboratory in
            let other = laboratory.peer("/b")
            let json = JSONString.encode(text)
            let peer = laboratory.client()
            peer.send("ss-join", json)
            laboratory.settle()
            #expect(other.output.texts == [#"42["ws-peer",\#(json)]"#])
            other.send("ss-handshake", #"{"srcMultiaddr":"\u002fb","dstMultiaddr":\#(json)}"#)
            #expect(peer.output.texts.count == 2)
        }
    }

    @Test(
        "a handshake of wrong shape is ignored and counted",
        arguments: ["5", "[]", "{}", #"{"srcMultiaddr":"/a"}"#, #"{"srcMultiaddr":"/a","dstMultiaddr":5}"#])
    func malformedHandshake(argument: String) {
        StarLaboratory.run { laboratory in
            let (a, b) = (laboratory.peer("/a"), laboratory.peer("/b"))
            a.output.texts = []
            a.send("ss-handshake", argument)
            a.send("ss-handshake")
            a.send("ss-unknown", argument)
            #expect(a.output.texts.isEmpty && b.output.texts.isEmpty)
            #expect(laboratory.hub.counters[StarRefusal.malformedHandshake] == 2)
            #expect(laboratory.hub.counters[StarRefusal.unknownEvent] == 1)
            #expect(laboratory.hub.counters[StarCounters.Event.dialFailures] == 2)
        }
    }

    @Test("arguments beyond the first are ignored and counted")
    func extraArguments() {
        StarLaboratory.run { laboratory in
            let (a, b) = (laboratory.peer("/a"), laboratory.peer("/b"))
            a.output.texts = []
            a.send("ss-handshake", StarClient.offer(from: "/a", to: "/b"), "5")
            #expect(b.output.texts.count == 1)
            #expect(laboratory.hub.counters[StarRefusal.extraArguments] == 1)
        }
    }

    @Test("a peer that takes nothing loses handshakes, and their senders know")
    func congestion() {
        StarLaboratory.run { laboratory in
            let (a, b) = (laboratory.peer("/a"), laboratory.peer("/b"))
            a.output.texts = []
            b.output.isCongested = true
            a.offer(from: "/a", to: "/b")
            #expect(b.output.texts.isEmpty)
            #expect(a.output.texts.first?.contains("peer is not available") == true)
            #expect(laboratory.hub.counters[StarRefusal.congested] == 1)
            laboratory.advance(by: .seconds(20))
            #expect(b.output.texts.isEmpty)
        }
    }
}
