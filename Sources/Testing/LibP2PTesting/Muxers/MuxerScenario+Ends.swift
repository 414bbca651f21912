import LibP2PCore
import NIOCore

extension MuxerScenario {
    /// Streams and connections end, in order or not.
    static let ends: [MuxerScenario] = [
        MuxerScenario("answers after the dialer has finished sending") { pair in
            try pair.perform { dialer, _ in
                for size in [0, 1, 1000, 300_000] {
                    try await upload(size, on: dialer, to: ScenarioHandler.count)
                }
            }
        },
        MuxerScenario("takes bytes after the listener has finished sending") { pair in
            try pair.perform { dialer, _ in
                try await dialer.withStream([ScenarioHandler.greeting]) { stream in
                    let greeting = try await stream.read(exactly: 5)
                    try ConformanceFailure.check(greeting == ByteBuffer(string: "hello"), "the greeting differs")
                    let end = try await stream.read()
                    try ConformanceFailure.check(end == nil, "bytes come after the end")
                    try await Pattern.write(500_000, to: stream)
                }
            }
        },
        MuxerScenario("tells the dialer of a reset") { pair in
            try pair.perform { dialer, _ in
                try await expect(.reset) {
                    try await dialer.withStream([ScenarioHandler.failing]) { stream in
                        try await stream.write([1])
                        while try await stream.read() != nil {}
                    }
                }
                try await echo(on: dialer, rounds: 1, size: 10)
            }
        },
        MuxerScenario("cuts off a writer by a reset") { pair in
            try pair.perform { dialer, _ in
                try await expect(.reset) {
                    try await dialer.withStream([ScenarioHandler.failing]) { stream in
                        while true { try await Pattern.write(100_000, to: stream) }
                    }
                }
                try await echo(on: dialer, rounds: 1, size: 10)
            }
        },
        MuxerScenario("resets what the dialer gives up") { pair in
            try pair.perform { dialer, _ in
                for _ in 0..<20 {
                    do {
                        try await dialer.withStream([ScenarioHandler.stalled]) { stream in
                            try await stream.write([1])
                            _ = try await stream.read(exactly: 1)
                            throw ConformanceFailure("on purpose")
                        }
                    } catch is ConformanceFailure {}
                }
                try await echo(on: dialer, rounds: 1, size: 10)
            }
            try pair.settle()
            try ConformanceFailure.check(pair.streamCounts == [0, 0], "\(pair.streamCounts) streams are left")
        },
        MuxerScenario("fails open streams when the connection closes") { pair in
            try pair.perform { dialer, _ in
                try await expect(.closed) {
                    try await dialer.withStream([ScenarioHandler.stalled]) { stream in
                        try await stream.write([1])
                        _ = try await stream.read(exactly: 1)
                        await dialer.close()
                        while try await stream.read() != nil {}
                    }
                }
                try await expect(.closed) { try await echo(on: dialer, rounds: 1, size: 1) }
            }
            try pair.settle()
            try expectEnds(pair)
        },
        MuxerScenario("fails open streams when the wire breaks") { pair in
            let link = pair.dialerLink.channel
            try pair.perform { dialer, _ in
                try await withThrowingTaskGroup { group in
                    for _ in 0..<5 {
                        group.addTask {
                            try await expect(.closed) { try await upload(.max, on: dialer, to: ScenarioHandler.count) }
                        }
                    }
                    group.addTask {
                        try await dialer.executor.sleep(for: .milliseconds(1))
                        link.close(promise: nil)
                    }
                    try await group.waitForAll()
                }
            }
            try pair.settle()
            try expectEnds(pair)
        },
    ]

    /// Runs what must fail with this code.
    static func expect(_ code: NetworkError.Code, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as NetworkError where error.code == code {
            return
        }
        throw ConformanceFailure("no error where .\(code) was due")
    }

    /// Both ends must have been told of the end.
    static func expectEnds(_ pair: MuxerPair) throws {
        for owner in [pair.dialerOwner, pair.listenerOwner] {
            try ConformanceFailure.check(owner.closeReason != nil, "an end was not told that the connection ended")
        }
    }
}
