import CoreMetrics
public import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Telemetry
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A process that is one node: metrics and signals belong to the process.
public enum NodeProcess {
    /// Runs a node until SIGTERM or SIGINT, then drains it for at most ``Node/drainTime``. A second signal ends the
    /// process at once.
    ///
    /// Call it once in a process: it installs the process' metrics backend.
    /// - Parameters:
    ///   - reload: reads the configuration again, on SIGHUP.
    ///   - onReady: is told when everything accepts.
    /// - Throws: ``NodeError``.
    public static func run(
        _ configuration: NodeConfiguration, logger: Logger,
        reload: @escaping @Sendable () throws -> NodeConfiguration,
        onReady: @escaping @Sendable (NodeStatus) -> Void
    ) async throws {
        let telemetry = Telemetry()
        MetricsSystem.bootstrap(telemetry.metrics)
        // What arrived while the process that started this one blocked signals would never be seen.
        unblockSignals()
        let runner = NodeRunner(configuration, telemetry: telemetry, logger: logger, reload: reload) {
            onReady($0.status)
        }
        // The group's own words are for those who build services; the node itself says that it stops.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        let services = ServiceGroupConfiguration(
            // They are shut down from the last to the first, each when the one before has ended.
            services: [
                .init(
                    service: runner, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .cancelGroup),
                .init(service: DrainLimit()),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        try await ServiceGroup(configuration: services).run()
    }

    private static func unblockSignals() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGHUP)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}

/// Watches over the drain: its time, and the second signal. It ends when the drain begins.
private struct DrainLimit: Service {
    func run() async throws {
        // It throws when the node could not start: then there is nothing to drain.
        try await gracefulShutdown()
        // Not one of the node's loops: they may be what does not end.
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        // One stop can arrive twice: a terminal or a supervisor sends it to the whole process group, and a wrapper passes
        // it on. So what comes at once is not a second signal yet.
        loop.scheduleTask(in: .milliseconds(250)) { SecondSignal.arm() }
        // What has not ended by itself then is cut off; the status says that the shutdown was asked for.
        loop.scheduleTask(in: TimeAmount(Node.drainTime)) { _exit(0) }
    }
}
