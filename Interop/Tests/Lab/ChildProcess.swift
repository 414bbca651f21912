import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A program on the leash: it ends with the test, whatever happens to the test.
final class ChildProcess: Sendable {
    /// How many of the last lines of each output stream are kept for a failure's report.
    static let logLimit = 200

    let name: String
    /// Lines of standard output.
    let output = Mailbox<String>()
    /// Lines of standard error.
    let errors = Mailbox<String>()

    private let exit = Mailbox<Int32>()
    private let log = Mutex<[String]>([])
    private let handles: Mutex<Handles>

    // SAFETY: only ever touched inside the Mutex that holds it.
    private struct Handles: @unchecked Sendable {
        let process: Process
        let input: FileHandle
        var inputIsOpen = true
    }

    /// With `readsInput` the program gets its standard input from ``send(_:)`` and is expected to end when it does;
    /// else it stands behind `leash`.
    init(
        name: String, _ program: URL, _ arguments: [String], readsInput: Bool = false, leash: URL,
        environment: [String: String] = [:]
    ) async throws {
        self.name = name
        let process = Process()
        process.executableURL = readsInput ? program : leash
        process.arguments = readsInput ? arguments : [program.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        handles = Mutex(Handles(process: process, input: input.fileHandleForWriting))
        process.terminationHandler = { [exit, weak self] process in
            self?.closeInput()
            let killed = process.terminationReason == .uncaughtSignal
            exit.deliver([killed ? 128 + process.terminationStatus : process.terminationStatus])
            exit.end("the process has ended")
        }
        try await deliverLines(of: output, to: self.output)
        try await deliverLines(of: errors, to: self.errors)
        try Self.withoutBlockedSignals { try process.run() }
        // Foundation cannot start programs any more once a thousand descriptors are open.
        for pipe in [output, errors] { try pipe.fileHandleForReading.close() }
    }

    /// A child inherits the signal mask, and the threads of the concurrency runtime block nearly all signals.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    func send(_ line: String) throws {
        try handles.withLock { handles in
            guard handles.inputIsOpen else { throw InteropError("\(name) was told to stop") }
            try handles.input.write(contentsOf: Data((line + "\n").utf8))
        }
    }

    /// Sends SIGTERM (or another signal; SIGUSR1 makes the leash send SIGKILL).
    func signal(_ number: Int32 = SIGTERM) {
        handles.withLock { handles in
            guard handles.process.isRunning else { return }
            kill(handles.process.processIdentifier, number)
        }
    }

    var processIdentifier: Int32 { handles.withLock { $0.process.processIdentifier } }

    /// The exit status, 128 + number when a signal ended it.
    func status(within limit: Duration = .seconds(20)) async throws -> Int32 {
        try await exit.take("the end of \(name)", within: limit) { $0.first }
    }

    /// Ends the program by ending its standard input and waits until it is gone.
    func stop() async {
        closeInput()
        if (try? await status()) == nil {
            signal(SIGKILL)
        }
    }

    private func closeInput() {
        handles.withLock { handles in
            guard handles.inputIsOpen else { return }
            handles.inputIsOpen = false
            try? handles.input.close()
        }
    }

    /// The last lines of both output streams.
    var logTail: [String] { log.withLock { $0 } }

    /// Reads by NIO, because Foundation's readability handler may not be removed while it runs.
    private func deliverLines(of pipe: Pipe, to mailbox: Mailbox<String>) async throws {
        let receive: @Sendable ([String]) -> Void = { [weak self] lines in
            self?.log.withLock { log in
                log += lines
                log.removeFirst(max(0, log.count - Self.logLimit))
            }
            mailbox.deliver(lines)
        }
        _ = try await NIOPipeBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        LineReader(receive: receive, end: { mailbox.end("the output has ended") }))
                }
            }
            .takingOwnershipOfDescriptor(input: dup(pipe.fileHandleForReading.fileDescriptor)).get()
    }
}

/// Cuts a stream of bytes into lines.
private final class LineReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let receive: ([String]) -> Void
    private let end: () -> Void
    private var partial: [UInt8] = []

    init(receive: @escaping ([String]) -> Void, end: @escaping () -> Void) {
        self.receive = receive
        self.end = end
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        partial += unwrapInboundIn(data).readableBytesView
        var pieces = partial.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        partial = pieces.popLast().map(Array.init) ?? []
        if !pieces.isEmpty { receive(pieces.map { String(decoding: $0, as: UTF8.self) }) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !partial.isEmpty { receive([String(decoding: partial, as: UTF8.self)]) }
        end()
    }
}
