import LibP2PCore
import NIOCore

extension MuxerScenario {
    /// Bytes go to and fro.
    static let exchanges: [MuxerScenario] = [
        MuxerScenario("echoes small messages in order") { pair in
            try pair.perform { dialer, _ in try await echo(on: dialer, rounds: 50, size: 32) }
        },
        MuxerScenario("lets the listener open streams too") { pair in
            try pair.perform { dialer, listener in
                try await withThrowingTaskGroup { group in
                    for connection in [dialer, listener] {
                        for _ in 0..<10 { group.addTask { try await echo(on: connection, rounds: 5, size: 1000) } }
                    }
                    try await group.waitForAll()
                }
            }
        },
        MuxerScenario("keeps a hundred streams apart") { pair in
            try pair.perform { dialer, _ in
                try await withThrowingTaskGroup { group in
                    for index in 0..<100 {
                        group.addTask { try await echo(on: dialer, rounds: 3, size: 1 + index * 37) }
                    }
                    try await group.waitForAll()
                }
            }
        },
        MuxerScenario("carries a megabyte each way at once") { pair in
            try pair.perform { dialer, _ in
                try await withThrowingTaskGroup { group in
                    group.addTask { try await upload(1_000_000, on: dialer, to: ScenarioHandler.count) }
                    group.addTask { try await download(1_000_000, on: dialer) }
                    try await group.waitForAll()
                }
            }
        },
        MuxerScenario("opens and ends five hundred streams one after another") { pair in
            try pair.perform { dialer, _ in
                for _ in 0..<500 { try await echo(on: dialer, rounds: 1, size: 10) }
            }
            try pair.settle()
            try ConformanceFailure.check(pair.streamCounts == [0, 0], "\(pair.streamCounts) streams are left")
        },
    ]

    static func echo(on connection: Connection, rounds: Int, size: Int) async throws {
        try await connection.withStream([ScenarioHandler.echo]) { stream in
            for round in 0..<rounds {
                let bytes = Pattern.bytes(round..<round + size)
                try await stream.write(bytes)
                let answer = try await stream.read(exactly: size)
                try ConformanceFailure.check(answer == bytes, "the echo of \(size) bytes differs in round \(round)")
            }
            stream.closeWrite()
            let rest = try await stream.read()
            try ConformanceFailure.check(rest == nil, "the echo goes on after the end")
        }
    }

    static func upload(_ count: Int, on connection: Connection, to protocolID: ProtocolID) async throws {
        try await connection.withStream([protocolID]) { stream in
            try await Pattern.write(count, to: stream)
            stream.closeWrite()
            var answer = try await stream.read(exactly: 8)
            let received = answer?.readInteger(as: Int.self) ?? -1
            try ConformanceFailure.check(received == count, "\(received) of \(count) bytes arrived")
        }
    }

    static func download(_ count: Int, on connection: Connection) async throws {
        try await connection.withStream([ScenarioHandler.source]) { stream in
            try await stream.write(ByteBuffer(integer: count))
            var received = 0
            while let bytes = try await stream.read() { received += try Pattern.check(bytes, at: received) }
            try ConformanceFailure.check(received == count, "\(received) of \(count) bytes arrived")
        }
    }
}
