import LibP2PTesting
import Multiformats
import Testing

@testable import StarSignalling

@Suite("The star is bounded")
struct StarLimitTests {
    static func limits(_ change: (inout StarLimits) -> Void) -> StarLimits {
        var limits = StarLimits()
        change(&limits)
        return limits
    }

    @Test("there is room for so many peers")
    func peers() {
        StarLaboratory.run(limits: Self.limits { $0.peers = 2 }) { laboratory in
            let first = laboratory.peer("/a")
            _ = laboratory.peer("/b")
            _ = laboratory.peer("/c")
            #expect(laboratory.hub.roster.localCount == 2)
            #expect(laboratory.hub.counters[StarRefusal.peers] == 1)
            // Who is in may move, and be taken over.
            first.join("/d")
            _ = laboratory.peer("/d")
            #expect(laboratory.hub.roster.localCount == 2)
            #expect(laboratory.hub.counters[StarRefusal.peers] == 1)
        }
    }

    @Test("an IP address may have so many sockets", arguments: [("10.0.0.1", "10.0.0.1"), ("fd00::1", "fd00::2")])
    func socketsPerIP(first: String, second: String) throws {
        let other = try #require(IPAddress("10.9.9.9"))
        let source = try #require(IPAddress(second))
        StarLaboratory.run(limits: Self.limits { $0.socketsPerIP = StarAddressLimit(2) }) { laboratory in
            let clients = (0..<2).map { _ in laboratory.client(first) }
            #expect(!laboratory.hub.admit(source))
            #expect(laboratory.hub.admit(other))
            #expect(laboratory.hub.admit(nil))
            #expect(laboratory.hub.counters[StarRefusal.socketsPerIP] == 1)
            clients[0].disconnect()
            #expect(laboratory.hub.admit(source))
            #expect(laboratory.hub.socketCount == 1)
        }
    }

    @Test("defaults spare a lab's addresses, what was set does not")
    func spared() throws {
        let source = try #require(IPAddress("127.0.0.1"))
        for isExplicit in [false, true] {
            let limits = Self.limits { $0.socketsPerIP = StarAddressLimit(1, isExplicit: isExplicit) }
            StarLaboratory.run(limits: limits, isSparedPerIP: \.isLoopback) { laboratory in
                _ = laboratory.client("127.0.0.1")
                #expect(laboratory.hub.admit(source) == !isExplicit)
            }
        }
    }

    @Test("an IP address may join so often in a second, and ten times as often at once")
    func joinRate() {
        StarLaboratory.run(limits: Self.limits { $0.joinsPerIP = StarAddressLimit(2) }) { laboratory in
            let client = laboratory.client("10.0.0.1")
            for number in 0..<30 { client.join("/\(number)") }
            #expect(laboratory.hub.counters[StarRefusal.joinRate] == 10)
            laboratory.client("10.0.0.2").join("/other")
            #expect(laboratory.hub.counters[StarRefusal.joinRate] == 10)
            laboratory.advance(by: .seconds(1))
            for number in 0..<3 { client.join("/\(number)") }
            #expect(laboratory.hub.counters[StarRefusal.joinRate] == 11)
        }
    }

    @Test("a burst of a thousand events passes")
    func burst() {
        StarLaboratory.run { laboratory in
            let (a, b) = (laboratory.peer("/a"), laboratory.peer("/b"))
            for _ in 0..<1000 { a.offer(from: "/a", to: "/b") }
            #expect(b.output.texts.count == 1000)
            #expect(laboratory.hub.counters[StarRefusal.eventRate] == 0)
        }
    }

    @Test("a flood is ignored, and ends the connection; others do not feel it")
    func flood() {
        StarLaboratory.run(limits: Self.limits { ($0.eventBurst, $0.eventsPerSecond) = (100, 10) }) { laboratory in
            let (a, b) = (laboratory.peer("/a"), laboratory.peer("/b"))
            for _ in 0..<150 { a.offer(from: "/a", to: "/b") }
            #expect(a.output.closed == nil)
            for _ in 0..<100 { a.offer(from: "/a", to: "/b") }
            #expect(a.output.closed == .flood)
            #expect(b.output.texts.count < 100)
            #expect(b.output.closed == nil)
            b.output.texts = []
            b.offer(from: "/b", to: "/b")
            #expect(b.output.texts.count == 1)
        }
    }

    @Test("large events count more than small ones")
    func largeEvents() {
        StarLaboratory.run(limits: Self.limits { $0.eventBurst = 100 }) { laboratory in
            let (a, b) = (laboratory.peer("/a"), laboratory.peer("/b"))
            let padding = #","pad":"\#(String(repeating: "x", count: 160 * 1024))""#
            for _ in 0..<20 { a.offer(from: "/a", to: "/b", more: padding) }
            #expect(b.output.texts.count == 10)
        }
    }
}
