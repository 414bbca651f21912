public import Logging
public import ServiceLifecycle
public import Telemetry

/// Runs a node as a service: starts it, tells that it is ready, and drains it when the service group shuts down.
///
/// ```swift
/// let runner = NodeRunner(configuration, logger: logger) { node in print(node.listenAddresses) }
/// try await ServiceGroup(services: [runner], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger).run()
/// ```
public struct NodeRunner: Service {
    private let configuration: NodeConfiguration
    private let telemetry: Telemetry
    private let logger: Logger
    private let onReady: @Sendable (Node) -> Void

    /// Makes the service.
    ///
    /// - Parameter onReady: called when everything accepts.
    public init(
        _ configuration: NodeConfiguration, telemetry: Telemetry = Telemetry(), logger: Logger,
        onReady: @escaping @Sendable (Node) -> Void
    ) {
        self.configuration = configuration
        self.telemetry = telemetry
        self.logger = logger
        self.onReady = onReady
    }

    /// Starts the node and waits for the end.
    ///
    /// - Throws: ``NodeError`` when the node cannot start.
    public func run() async throws {
        let node = try await Node.start(configuration, telemetry: telemetry, logger: logger)
        onReady(node)
        // A cancelled wait ends the same way as a graceful one: by draining.
        try? await gracefulShutdown()
        logger.info("stopping")
        await node.stop()
        logger.info("stopped")
    }
}
