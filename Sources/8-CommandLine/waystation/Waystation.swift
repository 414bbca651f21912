import ArgumentParser
import WaystationNode

/// The command line: arguments in, lines and exit statuses out. What commands do lives in `WaystationNode`.
@main
struct Waystation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "waystation",
        abstract: "A libp2p node that peers join their network through.",
        discussion: """
            EXAMPLES
              waystation run
              waystation run --bootstrap amino
              waystation identity show
              waystation ping /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW…
              waystation lookup providers bafy… --bootstrap amino

            EXIT STATUS
              0   done
              1   tried and failed: a peer not reachable, nothing found
              64  wrong usage
              69  a resource is missing: a port is taken, the data folder is in use
                  or not writable
              70  a bug
              78  wrong configuration
            """,
        version: Version.agent,
        subcommands: [RunCommand.self, IdentityCommand.self, PingCommand.self, LookupCommand.self])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as NodeError {
            Terminal.complain("\(error)")
            exit(withError: ExitCode(error.exitStatus))
        } catch {
            // What is neither the parser's own nor a node's error is a bug.
            guard exitCode(for: error) == .failure, !(error is ExitCode) else { exit(withError: error) }
            Terminal.complain("this is a bug, please report it: \(error)")
            exit(withError: ExitCode(70))
        }
    }
}
