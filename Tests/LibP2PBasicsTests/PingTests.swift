import LibP2PCore
import LibP2PHost
import LibP2PTesting
import NIOCore
import Synchronization
import Testing

@testable import LibP2PBasics

struct PingTests {
    @Test func aBlockIsAsLongAsTheSpecSays() throws {
        #expect(Ping.blockLength == (try BasicsVectors.load().ping.payload_len))
    }

    @Test func measuresRoundTrips() throws {
        try Simulation.run { simulation in
            simulation.network.weather.latency = .milliseconds(10) ... .milliseconds(10)
            let asker = try simulation.makeHost("8.8.8.1")
            let answerer = try simulation.makeHost("8.8.8.2")
            answerer.serve(PingService())
            let connection = try simulation.connect(asker, answerer)
            let random = simulation.random
            let once = try simulation.perform { try await Ping.roundTrip(on: connection, random: random) }
            #expect(once == .milliseconds(20))

            let times = Mutex<[Duration]>([])
            let start = simulation.loop.now
            try simulation.perform {
                try await Ping.roundTrips(3, every: .seconds(15), on: connection, random: random) { time in
                    times.withLock { $0.append(time) }
                }
            }
            #expect(times.withLock { $0 } == [.milliseconds(20), .milliseconds(20), .milliseconds(20)])
            #expect(simulation.loop.now - start >= .seconds(30))
            #expect(simulation.loop.now - start < .seconds(31))
        }
    }

    @Test func givesUpOnASilentPeer() throws {
        try Simulation.run { simulation in
            let asker = try simulation.makeHost("8.8.8.1")
            let silent = try simulation.makeHost("8.8.8.2")
            silent.serve(
                TestNode.Handler(Ping.protocolID) { stream in while try await stream.read() != nil {} })
            let connection = try simulation.connect(asker, silent)
            let random = simulation.random
            #expect(throws: NetworkError(.timeout, "")) {
                try simulation.perform { try await Ping.roundTrip(on: connection, random: random) }
            }
            #expect(throws: NetworkError(.timeout, "")) {
                try simulation.perform {
                    try await Ping.roundTrips(2, every: .seconds(1), on: connection, random: random) { _ in }
                }
            }
        }
    }

    @Test func refusesOtherBytes() throws {
        try Simulation.run { simulation in
            let asker = try simulation.makeHost("8.8.8.1")
            let liar = try simulation.makeHost("8.8.8.2")
            liar.serve(
                TestNode.Handler(Ping.protocolID) { stream in
                    _ = try await stream.read(exactly: 32)
                    try await stream.write([UInt8](repeating: 0, count: 32))
                })
            let connection = try simulation.connect(asker, liar)
            let random = simulation.random
            #expect(throws: NetworkError(.malformed, "")) {
                try simulation.perform { try await Ping.roundTrip(on: connection, random: random) }
            }
        }
    }

    @Test func anIdleStreamEnds() throws {
        try Simulation.run { simulation in
            let asker = try simulation.makeHost("8.8.8.1")
            let answerer = try simulation.makeHost("8.8.8.2")
            answerer.serve(PingService())
            let connection = try simulation.connect(asker, answerer)
            let start = simulation.loop.now
            #expect(throws: NetworkError(.reset, "")) {
                try simulation.perform {
                    try await connection.withStream([Ping.protocolID]) { stream in
                        try await stream.write([1, 2, 3])
                        _ = try await stream.read()
                    }
                }
            }
            #expect(simulation.loop.now - start >= .seconds(60))
        }
    }
}
