import ArgumentParser
import Dispatch
import Foundation
import LibP2PCore
import Logging
import Multiformats
import WaystationNode

/// What the commands that ask other peers have in common.
struct ClientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("How long it may take, in all.", valueName: "duration"),
        transform: { try ClientOptions.duration($0) })
    var timeout: Duration = .seconds(60)

    @Option(help: ArgumentHelp("The key of a private network.", valueName: "file"))
    var psk: String?

    @Option(
        help: ArgumentHelp("The resolver for /dns and /dnsaddr addresses.", valueName: "host:port"),
        transform: { try ClientOptions.server($0) })
    var dnsServer: HostAndPort?

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    @Flag(help: "Log what happens on standard error.")
    var verbose = false

    /// Does something with a client, which is stopped in the end, whatever happens.
    ///
    /// - Parameters:
    ///   - bootstrap: the peers to join a DHT through; none for a client without a DHT.
    ///   - protocolID: the DHT.
    /// - Throws: `NodeError`: `.failed` when it was in vain or took too long.
    func withClient(
        bootstrap: [Multiaddr] = [], protocolID: String = "/ipfs/kad/1.0.0",
        _ body: (ClientNode) async throws -> Void
    ) async throws {
        let logger = LogSetup.install(level: verbose ? .debug : .critical, format: .auto)
        Self.endProcess(after: timeout)
        do {
            let client = try await ClientNode(
                bootstrap: bootstrap, protocolID: ProtocolID(protocolID), dnsServer: dnsServer,
                privateNetworkKeyFile: psk, logger: logger)
            do {
                try await body(client)
            } catch {
                await client.stop()
                throw error
            }
            await client.stop()
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(.failed, "it failed", cause: error)
        }
    }

    /// Gives up when the time is over. Nothing is lost with the process, so nothing needs to be taken back.
    private static func endProcess(after time: Duration) {
        DispatchQueue.global().asyncAfter(deadline: .now() + time / .seconds(1)) {
            Terminal.complain("it took longer than \(time); --timeout sets the limit")
            _exit(NodeError(.failed, "").exitStatus)
        }
    }

    private static func duration(_ text: String) throws -> Duration {
        guard let duration = SettingsDocumentation.duration(text), duration > .zero else {
            throw ValidationError("write a duration as 500ms, 30s or 2m")
        }
        return duration
    }

    private static func server(_ text: String) throws -> HostAndPort {
        guard let server = HostAndPort(text), IPAddress(server.host) != nil else {
            throw ValidationError("write IP:PORT, as 127.0.0.1:53 or [::1]:53")
        }
        return server
    }

    /// A peer's address from an argument.
    static func multiaddr(_ text: String) throws -> Multiaddr {
        do {
            return try Multiaddr(text)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
