public import Logging
public import ServiceLifecycle
public import Telemetry
import UnixSignals

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
    private let reload: (@Sendable () throws -> NodeConfiguration)?
    private let onReady: @Sendable (Node) -> Void

    /// Makes the service.
    ///
    /// - Parameters:
    ///   - reload: reads the configuration again, on SIGHUP; nil to leave that signal alone.
    ///   - onReady: called when everything accepts.
    public init(
        _ configuration: NodeConfiguration, telemetry: Telemetry = Telemetry(), logger: Logger,
        reload: (@Sendable () throws -> NodeConfiguration)? = nil, onReady: @escaping @Sendable (Node) -> Void
    ) {
        self.configuration = configuration
        self.telemetry = telemetry
        self.logger = logger
        self.reload = reload
        self.onReady = onReady
    }

    /// Starts the node and waits for the end.
    ///
    /// - Throws: ``NodeError`` when the node cannot start.
    public func run() async throws {
        let node = try await Node.start(configuration, telemetry: telemetry, logger: logger)
        // Trapped before anybody is told that the node runs: the signal would end the process otherwise.
        let hangUps = reload == nil ? nil : await UnixSignalsSequence(trapping: .sighup)
        onReady(node)
        await withTaskGroup(of: Void.self) { group in
            if let reload, let hangUps {
                group.addTask {
                    for await _ in hangUps { self.reload(node, reload) }
                }
            }
            // A cancelled wait ends the same way as a graceful one: by draining.
            try? await gracefulShutdown()
            group.cancelAll()
        }
        logger.info("stopping")
        await node.stop()
        logger.info("stopped")
    }

    private func reload(_ node: Node, _ read: @Sendable () throws -> NodeConfiguration) {
        do {
            node.reload(try read())
        } catch {
            logger.error("the configuration cannot be read again; the old one holds", metadata: ["error": "\(error)"])
        }
    }
}
