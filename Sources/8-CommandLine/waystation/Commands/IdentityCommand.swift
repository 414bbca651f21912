public import ArgumentParser
import Foundation
import LibP2PIdentity
import Multiformats
import WaystationNode

/// `waystation identity`: makes, shows and converts identities.
struct IdentityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity",
        abstract: "Makes, shows and converts identities.",
        discussion: """
            EXAMPLES
              waystation identity new
              waystation identity show --data-dir /var/lib/waystation
              waystation identity export --format base64
              waystation identity import kubo-private-key --data-dir /var/lib/waystation
            """,
        subcommands: [New.self, Show.self, Import.self, Export.self])

    /// Which identity is meant: that of a data folder, or a file.
    struct Place: ParsableArguments {
        @Option(help: ArgumentHelp("The data folder.", valueName: "dir"))
        var dataDir: String?

        /// The identity in the data folder that `run` would use, by the same environment and file.
        func file() throws -> IdentityFile {
            let environment = ProcessInfo.processInfo.environment
            let flags = dataDir.map { ["--data-dir", $0] } ?? []
            let configuration = try NodeConfiguration(
                ResolvedSettings(flags: flags, environment: environment), environment: environment)
            if dataDir == nil, let path = configuration.identityFile { return IdentityFile(path: path) }
            return IdentityFile(path: configuration.dataFolder + "/identity.key")
        }
    }

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new identity and prints its peer id.",
            discussion: """
                EXAMPLES
                  waystation identity new
                  waystation identity new --type rsa --bits 3072 --output key --format json
                """)

        @OptionGroup var place: Place

        @Option(help: ArgumentHelp("Write it to this file instead of the data folder.", valueName: "file"))
        var output: String?

        @Option(help: "The kind of key: ed25519, secp256k1, ecdsa or rsa.")
        var type: KeyTypeArgument = .ed25519

        @Option(help: "The size of an RSA key: 2048 to 8192.")
        var bits = 2048

        @Option(help: "How it is written: protobuf, base64, json (js peer-id) or seed (Ed25519 only).")
        var format: KeyFile = .protobuf

        @Flag(help: "Replace an identity that is there; the old one is kept beside it, as .old.")
        var force = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let key: PrivateKey
            do {
                key = try PrivateKey.generate(type.keyType, rsaBits: bits)
            } catch {
                throw ValidationError("\(error)")
            }
            let file = try output.map { IdentityFile(path: $0) } ?? place.file()
            try file.write(key, as: format, replacing: force)
            try IdentityReport(key, path: file.path).print(asJSON: json)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the peer id of an identity.",
            discussion: """
                EXAMPLES
                  waystation identity show
                  waystation identity show some.key --json
                """)

        @Argument(help: "A file with an identity, instead of that of the data folder.")
        var file: String?

        @OptionGroup var place: Place

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let file = try self.file.map { IdentityFile(path: $0) } ?? place.file()
            guard file.exists else {
                throw NodeError(.failed, "there is no identity at \(file.path); make one with waystation identity new")
            }
            try IdentityReport(file.read(), path: file.path).print(asJSON: json)
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Takes an identity from a file into the data folder and prints its peer id.",
            discussion: """
                The file may hold a protobuf private key (raw or base64, as in kubo's configuration), the JSON of js
                peer-id, or the 32 bytes of an Ed25519 seed.

                EXAMPLES
                  waystation identity import peer-id.json
                  jq -r .Identity.PrivKey ~/.ipfs/config | waystation identity import -
                """)

        @Argument(help: "The file, or - for standard input.")
        var file: String

        @OptionGroup var place: Place

        @Flag(help: "Replace an identity that is there; the old one is kept beside it, as .old.")
        var force = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let key = try file == "-" ? Self.readStandardInput() : IdentityFile(path: file).read()
            let target = try place.file()
            try target.write(key, replacing: force)
            try IdentityReport(key, path: target.path).print(asJSON: json)
        }

        private static func readStandardInput() throws -> PrivateKey {
            let bytes = try FileHandle.standardInput.read(upToCount: KeyFile.maxLength + 1) ?? Data()
            do {
                return try KeyFile.read(Array(bytes))
            } catch {
                throw NodeError(.configuration, "standard input holds no identity", cause: error)
            }
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes the identity of the data folder for another program, or as a backup.",
            discussion: """
                What is written is the secret itself: keep it where nobody else reads it.

                EXAMPLES
                  waystation identity export --output backup.key
                  waystation identity export --format json > peer-id.json
                """)

        @OptionGroup var place: Place

        @Option(help: ArgumentHelp("Write to this file, mode 0600, instead of standard output.", valueName: "file"))
        var output: String?

        @Option(help: "How it is written: base64, protobuf, json (js peer-id) or seed (Ed25519 only).")
        var format: KeyFile = .base64

        @Flag(help: "Replace a file that is there.")
        var force = false

        func run() throws {
            let file = try place.file()
            let key = try file.read()
            if let output {
                try IdentityFile(path: output).write(key, as: format, replacing: force)
            } else {
                Terminal.write(try IdentityFile.bytes(of: key, as: format))
            }
        }
    }
}

extension KeyFile: ExpressibleByArgument {}

/// A kind of key by its name.
enum KeyTypeArgument: String, ExpressibleByArgument, CaseIterable {
    case ed25519, secp256k1, ecdsa, rsa

    var keyType: KeyType {
        switch self {
        case .ed25519: .ed25519
        case .secp256k1: .secp256k1
        case .ecdsa: .ecdsa
        case .rsa: .rsa
        }
    }
}

/// What is told of an identity; never the secret.
private struct IdentityReport: Encodable {
    let peerId: String
    let cid: String
    let type: String
    let publicKey: String
    let file: String

    init(_ key: PrivateKey, path: String) {
        peerId = key.peerID.description
        cid = key.peerID.cid.description
        type = "\(key.type)"
        publicKey = Data(key.publicKey.protobuf).base64EncodedString()
        file = path
    }

    func print(asJSON: Bool) throws {
        if asJSON { try Terminal.printJSON(self) } else { Terminal.print(peerId) }
    }
}
