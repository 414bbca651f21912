import LibP2PCore
import LibP2PHost
import LibP2PIdentity
import LibP2PTesting
import Multiformats
import NIOCore
import Testing

@testable import LibP2PRelay

struct CircuitTests {
    /// Bytes that differ from place to place.
    private static func pattern(_ count: Int) -> ByteBuffer {
        ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
    }

    @Test func bytesPassBothWaysAndEachDirectionEndsByItself() throws {
        try Laboratory.run { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            let calls = Box<[StopMessage]>([])
            target.serveStops { stream, call in
                calls.change { $0.append(call) }
                // Speaks at once, and answers only after the source has ended its direction.
                try await stream.write(Array("hello".utf8))
                var all = ByteBuffer()
                while let bytes = try await stream.read() { all.writeImmutableBuffer(bytes) }
                try await stream.write(all)
            }
            let sent = Self.pattern(100_000)
            let peer = target.peer
            let (answer, received) = try laboratory.simulation.perform {
                try await source.connect(to: peer) { stream in
                    let hello = try await stream.read(exactly: 5)
                    try await stream.write(sent)
                    stream.closeWrite()
                    let echo = try await stream.read(exactly: 100_000)
                    let end = try await stream.read()
                    return [hello, echo, end]
                }
            }
            #expect(answer == .status(.ok, limit: CircuitLimit(seconds: 120, bytes: 131_072)))
            #expect(received == [ByteBuffer(string: "hello"), sent, nil])
            #expect(
                calls.value == [
                    .connect(from: RelayedPeer(source.peer), limit: CircuitLimit(seconds: 120, bytes: 131_072))
                ])
            laboratory.simulation.loop.advance(by: .seconds(1))
            #expect(laboratory.server.circuitCount == 0)
            #expect(laboratory.server.counters[.finished] == 1)
            #expect(laboratory.server.counters[.opened] == 1)
            #expect(laboratory.server.relayedBytes == 200_005)
            let accounts = Dictionary(
                uniqueKeysWithValues: laboratory.server.snapshot().peers.map { ($0.peer, $0) })
            let sourceAccount = try #require(accounts[source.peer.description])
            #expect(sourceAccount.circuitsAsSource == 1)
            #expect(sourceAccount.bytesSent == 100_000)
            #expect(sourceAccount.bytesReceived == 100_005)
            let targetAccount = try #require(accounts[target.peer.description])
            #expect(targetAccount.circuitsAsTarget == 1)
            #expect(targetAccount.bytesSent == 100_005)
        }
    }

    @Test func refusesByTheCodesOfTheSpec() throws {
        var limits = RelayLimits()
        limits.circuitsPerPeer = 1
        try Laboratory.run(limits) { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            let other = try laboratory.client(at: "9.9.9.3")
            let server = laboratory.server
            #expect(try source.statusOfCircuit(to: target.peer) == .noReservation)
            #expect(try source.statusOfCircuit(to: laboratory.host.localPeer) == .noReservation)
            try target.reserve()
            // Reserved, but without the protocol.
            #expect(try source.statusOfCircuit(to: target.peer) == .connectionFailed)
            server.access.deniedTargets = [target.peer]
            #expect(try source.statusOfCircuit(to: target.peer) == .permissionDenied)
            server.access = RelayAccess()
            target.serveEcho()
            let release = Box(false)
            let (peer, executor) = (target.peer, laboratory.simulation.executor)
            let first = laboratory.simulation.begin {
                try await source.connect(to: peer) { stream in
                    while !release.value { try await executor.sleep(for: .milliseconds(100)) }
                }.answer.status
            }
            laboratory.simulation.loop.advance(by: .seconds(2))
            #expect(try source.statusOfCircuit(to: other.peer) == .noReservation)
            #expect(try other.statusOfCircuit(to: target.peer) == .resourceLimitExceeded)
            try other.reserve()
            other.serveEcho()
            #expect(try source.statusOfCircuit(to: other.peer) == .resourceLimitExceeded)
            #expect(server.circuitCount == 1)
            release.change { $0 = true }
            laboratory.simulation.loop.advance(by: .seconds(2))
            #expect(try first.get() == .ok)
            #expect(try other.statusOfCircuit(to: target.peer) == .ok)
            laboratory.simulation.loop.advance(by: .seconds(2))
            server.limits.circuits = 1
            #expect(try other.statusOfCircuit(to: target.peer) == .ok)
            #expect(server.counters[.noReservation] == 3)
            #expect(server.counters[.targetFailed] == 1)
            #expect(server.counters[.denied] == 1)
            #expect(server.counters[.circuitsOfSource] == 1)
            #expect(server.counters[.circuitsOfTarget] == 1)
        }
    }

    @Test func refusesWhatMakesNoSense() throws {
        try Laboratory.run { laboratory in
            let client = try laboratory.client(at: "9.9.9.1")
            func answer(_ bytes: [UInt8]) throws -> HopMessage? {
                try laboratory.simulation.perform {
                    try await client.connection.withStream([RelayProtocols.hop]) { stream in
                        try await stream.write(bytes)
                        stream.closeWrite()
                        return try await stream.message(HopMessage.self, max: 4096)
                    }
                }
            }
            let malformed = HopMessage.status(.malformedMessage)
            #expect(try answer(framed(HopMessage.status(.ok))) == malformed)
            #expect(try answer(framed(HopMessage())) == malformed)
            #expect(try answer(framed(HopMessage(kind: .connect))) == malformed)
            #expect(try answer(framed(HopMessage.connect(to: RelayedPeer(id: [1, 2, 3])))) == malformed)
            #expect(try answer([0x02, 0xff, 0xff]) == malformed)
            #expect(try answer([0xff, 0xff, 0x03] + [UInt8](repeating: 0, count: 2000)) == malformed)
            #expect(try answer([]) == nil)
            #expect(laboratory.server.counters[.malformed] == 6)
        }
    }

    @Test func aTargetThatSaysNoOrNothingFailsTheCircuit() throws {
        try Laboratory.run { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            let executor = laboratory.simulation.executor
            func serve(_ answer: StopMessage?) {
                target.host.serve(
                    TestNode.Handler(RelayProtocols.stop, limits: StreamLimits(idle: nil)) { stream in
                        _ = try await stream.message(StopMessage.self, max: 4096)
                        guard let answer else { return try await executor.sleep(for: .seconds(600)) }
                        try await stream.write(message: answer)
                    })
            }
            serve(.status(.permissionDenied))
            #expect(try source.statusOfCircuit(to: target.peer) == .connectionFailed)
            serve(.connect(from: RelayedPeer(target.peer), limit: nil))
            #expect(try source.statusOfCircuit(to: target.peer) == .connectionFailed)
            serve(nil)
            let start = laboratory.simulation.loop.now
            #expect(try source.statusOfCircuit(to: target.peer) == .connectionFailed)
            let waited = laboratory.simulation.loop.now - start
            #expect(waited >= .seconds(60) && waited < .seconds(61))
            #expect(laboratory.server.counters[.targetRefused] == 1)
            #expect(laboratory.server.counters[.targetFailed] == 2)
            #expect(laboratory.server.circuitCount == 0)
        }
    }

    @Test func exactlyTheAllowedBytesPass() throws {
        try Laboratory.run { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            let received = Box(ByteBuffer())
            let failure = Box<NetworkError?>(nil)
            target.serveStops { stream, _ in
                do {
                    while let bytes = try await stream.read() { received.change { $0.writeImmutableBuffer(bytes) } }
                } catch let error as NetworkError {
                    failure.change { $0 = error }
                }
            }
            let sent = Self.pattern(131_073)
            let peer = target.peer
            #expect(throws: NetworkError(.reset, "")) {
                try laboratory.simulation.perform {
                    try await source.connect(to: peer) { stream in
                        try await stream.write(sent)
                        while try await stream.read() != nil {}
                    }.answer
                }
            }
            laboratory.simulation.loop.advance(by: .seconds(1))
            #expect(received.value == sent.getSlice(at: 0, length: 131_072))
            #expect(failure.value == NetworkError(.reset, ""))
            #expect(laboratory.server.counters[.byteLimit] == 1)
            #expect(laboratory.server.relayedBytes == 131_072)
        }
    }

    @Test func allTheAllowedBytesAndAnEndPassUnharmed() throws {
        try Laboratory.run { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            target.serveEcho()
            let sent = Self.pattern(131_072)
            let peer = target.peer
            let result = try laboratory.simulation.perform {
                try await source.connect(to: peer) { stream in
                    try await stream.write(sent)
                    stream.closeWrite()
                    let echo = try await stream.read(exactly: 131_072)
                    return [echo, try await stream.read()]
                }.result
            }
            #expect(result == [sent, nil])
            laboratory.simulation.loop.advance(by: .seconds(2))
            #expect(laboratory.server.counters[.finished] == 1)
        }
    }

    @Test func theDurationEndsACircuitOnTime() throws {
        try Laboratory.run { laboratory in
            laboratory.simulation.network.weather = .init(latency: .milliseconds(1) ... .milliseconds(1))
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            let loop = laboratory.simulation.loop
            let ends = Box<[TimeAmount]>([])
            let start = Box(loop.now)
            target.serveStops { stream, _ in
                start.change { $0 = loop.now }
                _ = try? await stream.read()
                ends.change { $0.append(loop.now - start.value) }
            }
            let peer = target.peer
            let outcome = laboratory.simulation.begin {
                try await source.connect(to: peer) { stream in
                    _ = try? await stream.read()
                    ends.change { $0.append(loop.now - start.value) }
                }.answer.status
            }
            loop.advance(by: .seconds(119))
            #expect(ends.value.isEmpty)
            #expect(laboratory.server.circuitCount == 1)
            loop.advance(by: .seconds(2))
            #expect(try outcome.get() == .ok)
            #expect(ends.value.count == 2)
            #expect(ends.value.allSatisfy { $0 >= .seconds(120) && $0 < .milliseconds(120_010) })
            #expect(laboratory.server.counters[.durationLimit] == 1)
        }
    }

    @Test func theRateIsKept() throws {
        var limits = RelayLimits()
        limits.circuit = CircuitBounds(duration: .zero, bytes: 0, bytesPerSecond: 10_000, burst: 20_000)
        try Laboratory.run(limits) { laboratory in
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            let received = Box(0)
            target.serveStops { stream, _ in
                while let bytes = try await stream.read() { received.change { $0 += bytes.readableBytes } }
            }
            let sent = Self.pattern(120_000)
            let peer = target.peer
            let start = laboratory.simulation.loop.now
            let (answer, _) = try laboratory.simulation.perform {
                try await source.connect(to: peer) { stream in
                    try await stream.write(sent)
                    stream.closeWrite()
                    while try await stream.read() != nil {}
                }
            }
            // Nothing binds that the peers should know of.
            #expect(answer == .status(.ok))
            #expect(received.value == 120_000)
            let time = laboratory.simulation.loop.now - start
            #expect(time > .seconds(10) && time < .seconds(11))
        }
    }

    /// Who sends learns that nobody reads, and the relay keeps no more than the window that it granted.
    @Test func aReaderThatStopsHoldsOneWindow() throws {
        var limits = RelayLimits()
        limits.circuit = CircuitBounds(duration: .zero, bytes: 0)
        try Laboratory.run(limits) { laboratory in
            let window = 256 * 1024
            let target = try laboratory.client(at: "9.9.9.1")
            let source = try laboratory.client(at: "9.9.9.2")
            try target.reserve()
            let mayRead = Box(false)
            let received = Box(0)
            let executor = laboratory.simulation.executor
            target.serveStops { stream, _ in
                while !mayRead.value { try await executor.sleep(for: .seconds(1)) }
                while let bytes = try await stream.read() { received.change { $0 += bytes.readableBytes } }
            }
            let block = Self.pattern(16 * 1024)
            let sent = Box(0)
            let peer = target.peer
            let outcome = laboratory.simulation.begin {
                try await source.connect(to: peer) { stream in
                    for _ in 0..<128 {
                        try await stream.write(block)
                        sent.change { $0 += block.readableBytes }
                    }
                    stream.closeWrite()
                    while try await stream.read() != nil {}
                }.answer.status
            }
            laboratory.simulation.loop.advance(by: .seconds(60))
            // One window unread at the target, and at most one at the relay. Windows are granted by halves.
            #expect(sent.value <= 2 * window)
            #expect(sent.value >= window + window / 2)
            mayRead.change { $0 = true }
            laboratory.simulation.loop.advance(by: .seconds(60))
            #expect(try outcome.get() == .ok)
            #expect(received.value == 128 * 16 * 1024)
        }
    }
}
