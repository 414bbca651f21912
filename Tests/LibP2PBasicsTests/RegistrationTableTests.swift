import LibP2PCore
import LibP2PIdentity
import NIOCore
import Testing
import Wire

@testable import LibP2PBasics

struct RegistrationTableTests {
    private let start = Timestamp(seconds: 1_800_000_000)

    private func peer(_ number: Int) throws -> PeerID {
        try PeerID(
            bytes: [0x12, 0x20, UInt8(number >> 8), UInt8(number & 0xff)] + [UInt8](repeating: 7, count: 30))
    }

    private func key(_ number: Int, _ namespace: String = "a") throws -> Registration.Key {
        .init(namespace: namespace, peer: try peer(number))
    }

    private func status(_ work: () throws -> Void) -> RendezvousStatus? {
        do {
            try work()
            return nil
        } catch {
            return (error as? RendezvousError)?.code
        }
    }

    @Test func livesAsLongAsAsked() throws {
        var table = RegistrationTable(limits: .init())
        let twoHours = try table.register(key(1), record: [1], ttl: nil, now: start)
        #expect(twoHours.expiry == start + .seconds(7_200))
        #expect(try table.register(key(2), record: [1], ttl: 0, now: start).expiry == start + .seconds(7_200))
        #expect(try table.register(key(3), record: [1], ttl: 259_200, now: start).expiry == start + .seconds(259_200))
        for ttl in [1, 7_199, 259_201, .max, UInt64(Int64.max)] {
            #expect(status { _ = try table.register(key(4), record: [1], ttl: ttl, now: start) } == .invalidTTL)
        }
        let almost = start + .seconds(7_199)
        #expect(try table.page("a", limit: nil, cookie: nil, now: almost).registrations.count == 3)
        let after = start + .seconds(7_200)
        // It is not given out any more, whether it was swept or not.
        #expect(try table.page("a", limit: nil, cookie: nil, now: after).registrations.map(\.key) == [key(3)])
        #expect(Set(table.removeExpired(now: after)) == [try key(1), try key(2)])
        #expect(table.count == 1)
        #expect(table.peerCount == 1)
        #expect(table.removeExpired(now: start + .seconds(259_200)).count == 1)
        #expect(table.namespaceCount == 0)
    }

    @Test func namespacesHaveALength() throws {
        var table = RegistrationTable(limits: .init())
        let long = String(repeating: "n", count: 256)
        let tooLong = String(repeating: "ä", count: 128)
        _ = try table.register(key(1, String(long.dropLast())), record: [1], ttl: nil, now: start)
        for name in ["", long, tooLong] {
            #expect(
                status { _ = try table.register(key(1, name), record: [1], ttl: nil, now: start) } == .invalidNamespace)
        }
        #expect(status { _ = try table.page(long, limit: nil, cookie: nil, now: start) } == .invalidNamespace)
    }

    @Test func aNewRegistrationReplacesAndCountsAsNewer() throws {
        var table = RegistrationTable(limits: .init())
        _ = try table.register(key(1), record: [1], ttl: nil, now: start)
        _ = try table.register(key(2), record: [2], ttl: nil, now: start)
        let first = try table.page("a", limit: nil, cookie: nil, now: start)
        #expect(first.registrations.map(\.record) == [[1], [2]])
        #expect(try table.page("a", limit: nil, cookie: first.cookie.bytes, now: start).registrations.isEmpty)
        _ = try table.register(key(1), record: [3], ttl: nil, now: start)
        #expect(table.count == 2)
        let second = try table.page("a", limit: nil, cookie: first.cookie.bytes, now: start)
        #expect(second.registrations.map(\.record) == [[3]])
        #expect(try table.page("a", limit: nil, cookie: nil, now: start).registrations.map(\.record) == [[2], [3]])
    }

    @Test func pagesFollowOneAnother() throws {
        var table = RegistrationTable(limits: .init())
        for number in 0..<2_500 {
            _ = try table.register(key(number, number.isMultiple(of: 2) ? "a" : "b"), record: [1], ttl: nil, now: start)
        }
        // All namespaces, in pages of a thousand, whatever is asked for.
        var cookie: [UInt8]?
        var sizes: [Int] = []
        var seen: Set<Registration.Key> = []
        for limit in [nil, 0, -3, 5_000] as [Int64?] {
            let page = try table.page(nil, limit: limit, cookie: cookie, now: start)
            sizes.append(page.registrations.count)
            seen.formUnion(page.registrations.map(\.key))
            cookie = page.cookie.bytes
        }
        #expect(sizes == [1_000, 1_000, 500, 0])
        #expect(seen.count == 2_500)
        let ten = try table.page("b", limit: 10, cookie: nil, now: start)
        #expect(ten.registrations.map(\.key) == (try (0..<10).map { try key(2 * $0 + 1, "b") }))
        let next = try table.page("b", limit: 1, cookie: ten.cookie.bytes, now: start)
        #expect(next.registrations.map(\.key) == [try key(21, "b")])
    }

    @Test func answersFitIntoAFrame() throws {
        var table = RegistrationTable(limits: .init())
        let record = [UInt8](repeating: 1, count: 8_192)
        for number in 0..<300 { _ = try table.register(key(number), record: record, ttl: nil, now: start) }
        let page = try table.page("a", limit: nil, cookie: nil, now: start)
        #expect(100..<123 ~= page.registrations.count)
        let entries = page.registrations.map {
            RendezvousMessage.Entry(namespace: $0.key.namespace, record: $0.record, ttl: 7_200)
        }
        let message = RendezvousMessage.discoverResponse(.init(entries: entries, cookie: page.cookie.bytes))
        #expect(message.serialized().readableBytes <= RendezvousMessage.maxLength)
        let next = try table.page("a", limit: nil, cookie: page.cookie.bytes, now: start)
        #expect(next.registrations.first?.key == (try key(page.registrations.count)))
        #expect(
            status { _ = try table.register(key(1), record: record + [1], ttl: nil, now: start) } == .invalidRecord)
    }

    @Test func cookiesBelongToTheirNamespace() throws {
        var table = RegistrationTable(limits: .init())
        _ = try table.register(key(1), record: [1], ttl: nil, now: start)
        let ofA = try table.page("a", limit: nil, cookie: nil, now: start).cookie.bytes
        let ofAll = try table.page("", limit: nil, cookie: [], now: start).cookie.bytes
        #expect(status { _ = try table.page("b", limit: nil, cookie: ofA, now: start) } == .invalidCookie)
        #expect(status { _ = try table.page(nil, limit: nil, cookie: ofA, now: start) } == .invalidCookie)
        #expect(status { _ = try table.page("a", limit: nil, cookie: ofAll, now: start) } == .invalidCookie)
        for cookie: [UInt8] in [[1], Array(ofA.dropLast()), ofAll + [0], [2] + ofA.dropFirst(), ofA + [0xff]] {
            #expect(status { _ = try table.page("a", limit: nil, cookie: cookie, now: start) } == .invalidCookie)
        }
    }

    @Test func everythingIsBounded() throws {
        var limits = RegistrationLimits()
        limits.total = 5
        limits.perPeer = 3
        var table = RegistrationTable(limits: limits)
        for name in ["a", "b", "c"] { _ = try table.register(key(1, name), record: [1], ttl: nil, now: start) }
        #expect(status { _ = try table.register(key(1, "d"), record: [1], ttl: nil, now: start) } == .notAuthorized)
        _ = try table.register(key(1, "c"), record: [2], ttl: nil, now: start)
        _ = try table.register(key(2), record: [1], ttl: nil, now: start)
        _ = try table.register(key(3), record: [1], ttl: nil, now: start)
        #expect(status { _ = try table.register(key(4), record: [1], ttl: nil, now: start) } == .unavailable)
        // Renewing needs no room, and what is taken back makes some.
        _ = try table.register(key(3), record: [3], ttl: nil, now: start)
        #expect(table.remove(try key(2)))
        #expect(!table.remove(try key(2)))
        _ = try table.register(key(4), record: [1], ttl: nil, now: start)

        limits = RegistrationLimits()
        limits.memory = 100_000
        table = RegistrationTable(limits: limits)
        let record = [UInt8](repeating: 1, count: 8_000)
        var accepted = 0
        while (try? table.register(key(accepted), record: record, ttl: nil, now: start)) != nil { accepted += 1 }
        #expect(8...12 ~= accepted)
    }

    /// A peer that renews all the time leaves no trace of it in the order of registrations.
    @Test func renewalsDoNotPileUp() throws {
        var table = RegistrationTable(limits: .init())
        for number in 0..<10_000 {
            _ = try table.register(key(number % 10), record: [1], ttl: nil, now: start)
        }
        #expect(table.slotCount < 100)
        #expect(try table.page("a", limit: nil, cookie: nil, now: start).registrations.count == 10)
    }

    @Test func comesBackFromAJournal() throws {
        var table = RegistrationTable(limits: .init())
        var kept: [Registration] = []
        for number in 0..<20 { kept.append(try table.register(key(number), record: [1], ttl: nil, now: start)) }
        let cookie = try table.page("a", limit: 15, cookie: nil, now: start).cookie.bytes
        var limits = RegistrationLimits()
        limits.total = 19
        var restored = RegistrationTable(limits: limits)
        let now = start + .seconds(10)
        let expired = Registration(key: try key(99), record: [1], expiry: now, sequence: 1)
        #expect(restored.restore((kept + [expired]).reversed(), now: now) == [expired.key, try key(19)])
        let rest = try restored.page("a", limit: nil, cookie: cookie, now: now).registrations
        #expect(rest.map(\.key) == (try (15..<19).map { try key($0) }))
        // What is new is newer than all that was ever given out, even by a clock that went back.
        let renewed = try restored.register(key(3), record: [2], ttl: nil, now: Timestamp(seconds: 5))
        #expect(kept.allSatisfy { $0.sequence < renewed.sequence || $0.key.peer == (try? peer(19)) })
    }
}
