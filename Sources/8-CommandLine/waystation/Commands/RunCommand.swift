import ArgumentParser
import Foundation
import Logging
import WaystationNode

/// `waystation run`: a node until SIGTERM or SIGINT.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a node until SIGTERM or SIGINT.",
        usage: "waystation run [--SETTING VALUE] ...",
        discussion: """
            EXAMPLES
              waystation run
              waystation run --config /etc/waystation.yaml
              waystation run --listen /ip4/0.0.0.0/tcp/4001 --http off
              waystation run --bootstrap /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW…

            SETTINGS
            Each is also a key of the configuration file and a variable of the
            environment: --dns-server is dnsServer and WAYSTATION_DNS_SERVER.
            Flags beat the environment, the environment beats the file.

            \(SettingsDocumentation.flagsHelp)

            Durations are written 90s, 2m, 1h; sizes in bytes or as 128KiB.
            In limits 0 means unlimited.
            """)

    /// The settings' table reads them, so that flags and file can never differ.
    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var settings: [String] = []

    func run() async throws {
        if settings.contains(where: { ["--help", "-h"].contains($0) }) { throw CleanExit.helpRequest(self) }
        if settings.contains("--version") { throw CleanExit.message(Version.agent) }
        let environment = ProcessInfo.processInfo.environment
        let read: @Sendable () throws -> NodeConfiguration = { [settings] in
            try NodeConfiguration(
                ResolvedSettings(flags: settings, environment: environment), environment: environment)
        }
        let configuration = try read()
        let logger = LogSetup.install(level: configuration.logLevel, format: configuration.logFormat)
        let isPlain = configuration.plain || !Terminal.isOutputTerminal
        try await NodeProcess.run(configuration, logger: logger, reload: read) { status in
            if isPlain {
                status.plainLines.forEach(Terminal.print)
            } else {
                Terminal.print(Banner(status: status).text)
            }
        }
    }
}
