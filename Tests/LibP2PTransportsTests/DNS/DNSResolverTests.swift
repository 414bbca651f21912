import LibP2PCore
import LibP2PTransports
import Multiformats
import Synchronization
import Testing

@Suite struct DNSResolverTests {
    private static let ip4: [UInt8] = [192, 0, 2, 1]
    private static let ip6: [UInt8] = [0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]

    /// Every host has one address of each family, and every name says its name.
    private static let everything: StubDNSServer.Behaviour = { query, _ in
        switch DNSMessage.Kind(rawValue: query.kind) {
        case .ip4: query.response([DNSMessage.record(.ip4, ip4)])
        case .ip6: query.response([DNSMessage.record(.ip6, ip6)])
        case .text: query.response([DNSMessage.text(query.name), DNSMessage.text("second")])
        default: query.response(code: 3)
        }
    }

    @Test func addressesOfBothFamiliesArrive() async throws {
        try await StubDNSServer(Self.everything).withResolver { resolver in
            let old = try await resolver.addresses(of: "host.test", family: .ip4)
            #expect(old == [IPAddress(bytes: Self.ip4)])
            let new = try await resolver.addresses(of: "host.test", family: .ip6)
            #expect(new == [IPAddress(bytes: Self.ip6)])
            let both = try await resolver.addresses(of: "host.test", family: .any)
            #expect(Set(both) == Set([IPAddress(bytes: Self.ip4), IPAddress(bytes: Self.ip6)].compactMap(\.self)))
        }
    }

    @Test func textsArriveInOrder() async throws {
        try await StubDNSServer(Self.everything).withResolver { resolver in
            let texts = try await resolver.texts(at: "_dnsaddr.host.test")
            #expect(texts == ["_dnsaddr.host.test", "second"])
        }
    }

    @Test func answersAreKeptWhileTheyLive() async throws {
        let server = StubDNSServer { query, _ in
            query.response([DNSMessage.text("text", lifetime: query.name == "brief.test" ? 0 : 60)])
        }
        try await server.withResolver { resolver in
            for name in ["long.test", "LONG.test.", "brief.test", "brief.test"] {
                let texts = try await resolver.texts(at: name)
                #expect(texts == ["text"])
            }
            #expect(server.names == ["long.test", "brief.test", "brief.test"])
        }
    }

    /// Who waits for a record to change must not be told what it was.
    @Test func withoutCapacityNothingIsKept() async throws {
        let answers = Mutex(["old", "new"])
        let server = StubDNSServer { query, _ in
            query.response([DNSMessage.text(answers.withLock { $0.isEmpty ? "later" : $0.removeFirst() }, lifetime: 60)]
            )
        }
        try await server.withResolver({ $0.cacheCapacity = 0 }) { resolver in
            for expected in ["old", "new"] {
                let texts = try await resolver.texts(at: "proof.test")
                #expect(texts == [expected])
            }
        }
    }

    @Test func questionsUnderWayAreJoined() async throws {
        let server = StubDNSServer(Self.everything)
        try await server.withResolver { resolver in
            try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<50 { group.addTask { try await resolver.texts(at: "same.test") } }
                for try await texts in group { #expect(texts.count == 2) }
            }
            #expect(server.names == ["same.test"])
        }
    }

    @Test func aTruncatedAnswerIsFetchedOverTCP() async throws {
        let texts = (0..<40).map {
            "dnsaddr=/ip4/192.0.2.\($0)/tcp/4001/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV"
        }
        let server = StubDNSServer { query, isTCP in
            isTCP ? query.response(texts.map { DNSMessage.text($0) }) : query.response(isTruncated: true)
        }
        try await server.withResolver { resolver in
            let received = try await resolver.texts(at: "big.test")
            #expect(received == texts)
            #expect(server.names == ["big.test", "tcp:big.test"])
        }
    }

    @Test func anOversizedAnswerIsRefused() async throws {
        let records = Array(repeating: DNSMessage.text(String(repeating: "x", count: 1000)), count: 50)
        let server = StubDNSServer { query, isTCP in
            isTCP ? query.response(records) : query.response(isTruncated: true)
        }
        try await server.withResolver { resolver in
            await #expect(throws: NetworkError(.unreachable, "")) { try await resolver.texts(at: "huge.test") }
        }
    }

    @Test func manyRecordsAreCutOff() async throws {
        let server = StubDNSServer { query, isTCP in
            let records =
                query.kind == DNSMessage.Kind.text.rawValue
                ? Array(repeating: DNSMessage.text("x"), count: 500)
                : (0..<500).map { DNSMessage.record(.ip4, [10, 0, UInt8($0 / 256), UInt8($0 % 256)]) }
            return isTCP ? query.response(records) : query.response(isTruncated: true)
        }
        try await server.withResolver { resolver in
            let texts = try await resolver.texts(at: "many.test")
            #expect(texts.count == 100)
            let addresses = try await resolver.addresses(of: "many.test", family: .ip4)
            #expect(addresses.count == 100)
        }
    }

    @Test func noSuchNameIsUnreachable() async throws {
        try await StubDNSServer { query, _ in query.response(code: 3) }.withResolver { resolver in
            await #expect(throws: NetworkError(.unreachable, "")) { try await resolver.texts(at: "no.test") }
            await #expect(throws: NetworkError(.unreachable, "")) {
                try await resolver.addresses(of: "no.test", family: .any)
            }
        }
    }

    @Test func anEmptyAnswerIsUnreachable() async throws {
        try await StubDNSServer { query, _ in query.response() }.withResolver { resolver in
            await #expect(throws: NetworkError(.unreachable, "")) { try await resolver.texts(at: "empty.test") }
            await #expect(throws: NetworkError(.unreachable, "")) {
                try await resolver.addresses(of: "empty.test", family: .ip4)
            }
        }
    }

    @Test func garbageNeverTraps() async throws {
        // Valid up to a length, then random: c-ares and the parser see it as the answer to their question.
        let random = RandomSource(seed: 1)
        let server = StubDNSServer { query, _ in
            let whole = query.response([DNSMessage.text("text"), DNSMessage.record(.ip4, Self.ip4)])
            let kept = Int(random.next() % UInt64(whole.count))
            return Array(whole[..<max(kept, 12)]) + random.bytes(Int(random.next() % 100))
        }
        let configure: (inout DNSResolver.Configuration) -> Void = {
            $0.tryTimeout = .milliseconds(20)
            $0.tries = 1
        }
        try await server.withResolver(configure) { resolver in
            for round in 0..<40 {
                _ = try? await resolver.texts(at: "g\(round).test")
                _ = try? await resolver.addresses(of: "g\(round).test", family: .ip4)
            }
            // On a busy machine a question may time out before the server has taken note of it.
            #expect(server.names.count > 40)
        }
    }

    @Test func silenceTimesOut() async throws {
        let configure: (inout DNSResolver.Configuration) -> Void = {
            $0.timeout = .milliseconds(100)
            $0.tryTimeout = .seconds(30)
        }
        try await StubDNSServer { _, _ in nil }.withResolver(configure) { resolver in
            await #expect(throws: NetworkError(.timeout, "")) { try await resolver.texts(at: "slow.test") }
        }
    }

    @Test func aLostQueryIsAskedAgain() async throws {
        let lost = Mutex(false)
        let server = StubDNSServer { query, isTCP in
            let isFirst = lost.withLock { lost in
                defer { lost = true }
                return !lost
            }
            return isFirst ? nil : Self.everything(query, isTCP)
        }
        try await server.withResolver({ $0.tryTimeout = .milliseconds(500) }) { resolver in
            let texts = try await resolver.texts(at: "lost.test")
            #expect(texts.count == 2)
            #expect(server.names == ["lost.test", "lost.test"])
        }
    }

    @Test func tooManyQuestionsAreRefused() async throws {
        try await StubDNSServer { _, _ in nil }.withResolver({ $0.maxWaiting = 2 }) { resolver in
            await withTaskGroup(of: NetworkError?.self) { group in
                for number in 0..<3 {
                    group.addTask {
                        do {
                            _ = try await resolver.texts(at: "q\(number).test")
                            return nil
                        } catch { return error as? NetworkError }
                    }
                }
                #expect(await group.next() == .some(NetworkError(.refused, "")))
                group.cancelAll()
                while let error = await group.next() { #expect(error == NetworkError(.cancelled, "")) }
            }
        }
    }

    @Test func cancellationEndsTheWait() async throws {
        try await StubDNSServer { _, _ in nil }.withResolver { resolver in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: NetworkError(.cancelled, "")) { try await resolver.texts(at: "c.test") }
                }
                group.cancelAll()
            }
        }
    }

    @Test func shutdownFailsWhatIsUnderWayAndWhatComes() async throws {
        let (asked, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let server = StubDNSServer { _, _ in
            signal.yield()
            return nil
        }
        try await server.withResolver { resolver in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: NetworkError(.cancelled, "")) { try await resolver.texts(at: "s.test") }
                }
                for await _ in asked { break }
                await resolver.shutdown()
            }
            await #expect(throws: NetworkError(.cancelled, "")) { try await resolver.texts(at: "t.test") }
            await resolver.shutdown()
        }
    }

    @Test(arguments: [
        "", ".", "a..b", "a b", "a\\046b", "a/b", "münchen.test", "a\u{0}b", String(repeating: "a", count: 64),
    ])
    func namesThatCannotBeAreNotAsked(name: String) async throws {
        let server = StubDNSServer(Self.everything)
        try await server.withResolver { resolver in
            await #expect(throws: NetworkError(.unreachable, "")) { try await resolver.texts(at: name) }
            await #expect(throws: NetworkError(.unreachable, "")) {
                try await resolver.addresses(of: name, family: .any)
            }
            #expect(server.names.isEmpty)
        }
    }

    @Test func aDNSAddrIsFollowedOverTheWire() async throws {
        let peer = "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC"
        let server = StubDNSServer { query, isTCP in
            guard query.name == "_dnsaddr.boot.test" else { return Self.everything(query, isTCP) }
            return query.response([
                DNSMessage.text("dnsaddr=/dns4/host.test/tcp/4001" + peer),
                DNSMessage.text("dnsaddr=/ip6/2001:db8::2/tcp/4001" + peer), DNSMessage.text("unrelated"),
            ])
        }
        try await server.withResolver { resolver in
            let addresses = try await resolver.expand(Multiaddr("/dnsaddr/boot.test" + peer))
            #expect(
                addresses.map(\.description)
                    == ["/ip4/192.0.2.1/tcp/4001" + peer, "/ip6/2001:db8::2/tcp/4001" + peer])
        }
    }

    @Test func theSystemsSettingsKnowLocalhost() async throws {
        let resolver = try DNSResolver()
        let addresses = try await resolver.addresses(of: "localhost", family: .ip4)
        #expect(addresses == [.v4(0x7f00_0001)])
        await resolver.shutdown()
    }
}
