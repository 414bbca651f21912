import LibP2PBasics
import LibP2PCore
import LibP2PIdentity
import Measuring
import Multiformats
import NIOCore
import Wire

/// What was measured at one server.
struct Figures {
    var connectionsPerSecond = 0.0
    var processorPerConnection = 0.0
    var memoryPerConnection = 0.0
    var findNodePerSecond = 0.0
    var processorPerFindNode = 0.0
    var findNode = Percentiles([])
    var findNodeAnswer = 0.0
    var processorPerPing = 0.0
    var ping = Percentiles([])
    var relay = RelayFigures()
}

/// New connections, each with handshake and identify in both directions, then closed.
func measureConnections(_ server: Server, count: Int, workers: Int, into figures: inout Figures) async throws {
    let clients = try (0..<workers).map { _ in try Client() }
    // A connection is closed a little later than it is ready, so that the server's own identify is done too.
    let lag = 4
    @Sendable func work(_ client: Client, _ rounds: Int) async throws {
        var open: [Connection] = []
        for _ in 0..<rounds {
            open.append(try await client.connect(to: server.address))
            if open.count > lag { await open.removeFirst().close() }
        }
        for connection in open { await connection.close() }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
        for client in clients { group.addTask { try await work(client, 10) } }
        try await group.waitForAll()
    }
    let (start, processor) = (microseconds(), server.processorTime)
    try await withThrowingTaskGroup(of: Void.self) { group in
        for client in clients { group.addTask { try await work(client, count / workers) } }
        try await group.waitForAll()
    }
    let time = microseconds() - start
    let made = Double(count / workers * workers)
    figures.connectionsPerSecond = made / time * 1e6
    figures.processorPerConnection = (server.processorTime - processor) / made
}

/// Memory that idle connections of different peers cost the server.
func measureIdle(_ server: Server, count: Int, into figures: inout Figures) async throws {
    let warm = try await connectAll(to: server, 100)
    let before = server.memory
    let idle = try await connectAll(to: server, count)
    try await Client.loops.executors[0].sleep(for: .seconds(2))
    let after = server.memory
    for (_, connection) in warm + idle { await connection.close() }
    figures.memoryPerConnection = (after - before) / Double(count)
}

private func connectAll(to server: Server, _ count: Int) async throws -> [(Client, Connection)] {
    var made: [(Client, Connection)] = []
    for _ in 0..<count {
        let client = try Client()
        made.append((client, try await client.connect(to: server.address)))
    }
    return made
}

/// FIND_NODE requests for random keys over one connection, several streams with one request under way each.
func measureFindNode(
    _ server: Server, streams: Int, seconds: Double, into figures: inout Figures
) async throws {
    let client = try Client()
    let connection = try await client.connect(to: server.address)
    @Sendable func work(until end: Double) async throws -> (times: [Double], bytes: Int) {
        try await connection.withStream(["/ipfs/kad/1.0.0"]) { stream in
            let random = RandomSource()
            var times: [Double] = []
            var bytes = 0
            while true {
                let start = microseconds()
                if start > end { break }
                try await stream.write(message: FindNode(key: [0x12, 0x20] + random.bytes(32)))
                guard let answer = try await stream.frame(max: 1 << 20) else { throw BenchmarkError("No answer.") }
                bytes += answer.readableBytes
                times.append(microseconds() - start)
            }
            return (times, bytes)
        }
    }
    let (start, processor) = (microseconds(), server.processorTime)
    let (times, bytes) = try await withThrowingTaskGroup(of: (times: [Double], bytes: Int).self) { group in
        for _ in 0..<streams { group.addTask { try await work(until: start + seconds * 1e6) } }
        return try await group.reduce(into: (times: [Double](), bytes: 0)) { sum, result in
            sum.times += result.times
            sum.bytes += result.bytes
        }
    }
    let count = Double(max(1, times.count))
    figures.findNodePerSecond = count / (microseconds() - start) * 1e6
    figures.processorPerFindNode = (server.processorTime - processor) / count
    figures.findNode = Percentiles(times)
    figures.findNodeAnswer = Double(bytes) / count
    await connection.close()
}

/// Ping round trips on one stream, one at a time.
func measurePing(_ server: Server, count: Int, into figures: inout Figures) async throws {
    let client = try Client()
    let connection = try await client.connect(to: server.address)
    let processor = server.processorTime
    let times = try await connection.withStream(["/ipfs/ping/1.0.0"]) { stream in
        let block = ByteBuffer(repeating: 7, count: 32)
        var times: [Double] = []
        for _ in 0..<count {
            let start = microseconds()
            try await stream.write(block)
            guard try await stream.read(exactly: 32) == block else {
                throw BenchmarkError("The ping came back changed.")
            }
            times.append(microseconds() - start)
        }
        return times
    }
    figures.processorPerPing = (server.processorTime - processor) / Double(count)
    figures.ping = Percentiles(Array(times.dropFirst(count / 10)))
    await connection.close()
}

/// The one message that is asked: type 4, a key.
private struct FindNode: ProtobufMessage {
    let key: [UInt8]

    init(key: [UInt8]) { self.key = key }

    init(from reader: inout ProtobufReader) throws { throw BenchmarkError("FindNode is only written.") }

    func write(to writer: inout ProtobufWriter) {
        writer.varint(1, 4)
        writer.bytes(2, key)
    }
}
