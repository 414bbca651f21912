import LibP2PCore
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Measures the path of a byte between two handlers, without sockets: each benchmark runs both ends on one event loop,
/// so that a figure is what both ends cost together on one core.
///
///     swift run -c release microbench            # all
///     swift run -c release microbench echo       # one
@main
struct Microbench {
    static let all: [Benchmark] = [.echo, .parallelEcho, .throughput, .negotiation, .streams]

    static func main() throws {
        let names = CommandLine.arguments.dropFirst()
        let chosen = names.isEmpty ? all : all.filter { names.contains($0.name) }
        guard !chosen.isEmpty else {
            print("usage: microbench [\(all.map(\.name).joined(separator: "|"))]")
            return
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let executor = LoopExecutor(group.next())
        for benchmark in chosen { try run(benchmark, on: executor) }
    }

    /// Runs a benchmark three times, the first to warm up, and prints the better of the other two.
    private static func run(_ benchmark: Benchmark, on executor: LoopExecutor) throws {
        var best = Duration.seconds(1_000_000)
        for round in 0..<3 {
            let duration = try measure(benchmark, on: executor)
            if round > 0 { best = min(best, duration) }
        }
        let name = benchmark.name.padding(to: 14)
        print("\(name) \(benchmark.figure(best / benchmark.count))")
    }

    private static func measure(_ benchmark: Benchmark, on executor: LoopExecutor) throws -> Duration {
        let promise = executor.loop.makePromise(of: Duration.self)
        executor.spawn {
            do {
                let pair = try ConnectionPair(on: executor)
                let start = processorTime()
                try await benchmark.body(pair.dialer, benchmark.count)
                let duration = processorTime() - start
                await pair.close()
                promise.succeed(duration)
            } catch {
                promise.fail(error)
            }
        }
        return try promise.futureResult.wait()
    }
}

/// How long this thread, the loop's, has been running; a busy machine does not falsify it much.
private func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
