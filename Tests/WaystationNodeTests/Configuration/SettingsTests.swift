import Foundation
import LibP2PHost
import LibP2PIdentity
import Multiformats
import Testing

@testable import WaystationNode

@Suite("Settings have three spellings, and one of them wins")
struct SettingsTests {
    @Test(
        "flag and environment names follow from the key",
        arguments: [
            ("dataDir", "--data-dir", "WAYSTATION_DATA_DIR"),
            ("limits.connectionsPerIp", "--limits-connections-per-ip", "WAYSTATION_LIMITS_CONNECTIONS_PER_IP"),
            ("allowPrivateAddresses", "--allow-private-addresses", "WAYSTATION_ALLOW_PRIVATE_ADDRESSES"),
            ("dnsServer", "--dns-server", "WAYSTATION_DNS_SERVER"),
            ("http", "--http", "WAYSTATION_HTTP"),
        ])
    func spellings(key: String, flag: String, environmentName: String) throws {
        let setting = try #require(Settings.all.first { $0.key == key })
        #expect(setting.flag == flag)
        #expect(setting.environmentName == environmentName)
    }

    @Test("no two settings share a spelling")
    func unique() {
        #expect(Set(Settings.all.map(\.key)).count == Settings.all.count)
        #expect(Set(Settings.all.map(\.flag)).count == Settings.all.count)
    }

    @Test("without settings the defaults of the contract hold")
    func defaults() throws {
        let configuration = try resolve()
        #expect(configuration.dataFolder == "/home/x/.local/share/waystation")
        #expect(configuration.listen.map(\.description) == ["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001"])
        #expect(configuration.http == HostAndPort("0.0.0.0:8080"))
        #expect(configuration.admin == HostAndPort("127.0.0.1:8003"))
        #expect(configuration.dhtProtocols == ["/ipfs/kad/1.0.0"])
        #expect(configuration.bootstrap.isEmpty)
        #expect(configuration.limits.connections == .init(4096, isExplicit: false))
        #expect(configuration.limits.connectionsPerIP == .init(64, isExplicit: false))
        #expect(!configuration.allowPrivateAddresses)
    }

    @Test("data goes where XDG says, unless that is relative")
    func xdg() throws {
        #expect(try resolve(environment: ["XDG_DATA_HOME": "/data"]).dataFolder == "/data/waystation")
        #expect(
            try resolve(environment: ["XDG_DATA_HOME": "data"]).dataFolder == "/home/x/.local/share/waystation")
        #expect(try resolve(["--data-dir", "~/w"]).dataFolder == "/home/x/w")
    }

    @Test("flags beat the environment, the environment beats the file")
    func precedence() throws {
        let file = try temporaryFile("http: 127.0.0.1:1\nadmin: 127.0.0.1:2\ndnsServer: 127.0.0.1:3\n")
        let configuration = try resolve(
            ["--config", file, "--http", "127.0.0.1:10"],
            environment: ["WAYSTATION_HTTP": "127.0.0.1:20", "WAYSTATION_ADMIN": "127.0.0.1:21"])
        #expect(configuration.http?.port == 10)
        #expect(configuration.admin?.port == 21)
        #expect(configuration.dnsServer?.port == 3)
    }

    @Test("a list replaces its default: repeated as a flag, with commas in the environment, as a sequence in the file")
    func lists() throws {
        let addresses = ["/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/2/ws"]
        let file = try temporaryFile("listen:\n  - \(addresses[0])\n  - \(addresses[1])\n")
        let spelled: [NodeConfiguration] = [
            try resolve(["--listen", addresses[0], "--listen=\(addresses[1])"]),
            try resolve(environment: ["WAYSTATION_LISTEN": addresses.joined(separator: ", ")]),
            try resolve(environment: ["WAYSTATION_CONFIG": file]),
        ]
        for configuration in spelled {
            #expect(configuration.listen.map(\.description) == addresses)
        }
        let single = try temporaryFile("listen: \(addresses[0])\n")
        #expect(try resolve(["--config", single]).listen.map(\.description) == [addresses[0]])
        #expect(try resolve(environment: ["WAYSTATION_LISTEN": ""]).listen.isEmpty)
        let empty = try temporaryFile("listen: []\n")
        #expect(try resolve(["--config", empty]).listen.isEmpty)
    }

    @Test("groups nest in the file, and 0 means unlimited")
    func groups() throws {
        let file = try temporaryFile("limits:\n  connections: 0\n  connectionsPerIp: 5\nallowPrivateAddresses: true\n")
        let configuration = try resolve(["--config", file])
        #expect(configuration.limits.connections.value == nil)
        #expect(configuration.limits.connections.isExplicit)
        #expect(configuration.limits.connectionsPerIP == .init(5, isExplicit: true))
        #expect(configuration.allowPrivateAddresses)
    }

    @Test("who may connect")
    func access() throws {
        let peer = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
        let access = try resolve([
            "--access-deny", "203.0.113.0/24", "--access-deny", peer, "--access-deny", "2001:db8::1",
            "--access-allow", peer, "--access-spare", "198.51.100.0/24",
        ]).access
        #expect(access.deniedNetworks.map(\.description) == ["203.0.113.0/24", "2001:db8::1/128"])
        #expect(access.deniedPeers.map(\.description) == [peer])
        #expect(access.allowedPeers.map(\.description) == [peer])
        #expect(access.allowedNetworks.map(\.description) == ["198.51.100.0/24"])
        let everybody = try resolve().access
        #expect(everybody.deniedNetworks.isEmpty && everybody.deniedPeers.isEmpty && everybody.allowedPeers.isEmpty)
        #expect(throws: NodeError(.usage, "")) { try resolve(["--access-deny", "203.0.113.0/33"]) }
        #expect(throws: NodeError(.usage, "")) { try resolve(["--access-spare", peer]) }
    }

    @Test("a switch needs no value, and takes one")
    func switches() throws {
        #expect(try resolve(["--plain"]).plain)
        #expect(try !resolve(["--plain=false"], environment: ["WAYSTATION_PLAIN": "true"]).plain)
        #expect(try resolve(["--disable", "relay", "--disable", "star"]).disabledServices == [.relay, .star])
    }

    @Test("an empty file sets nothing")
    func emptyFile() throws {
        for text in ["", "# nothing\n", "---\n"] {
            #expect(try resolve(["--config", try temporaryFile(text)]).http?.port == 8080)
        }
    }

    /// `UPDATE_DOCS=1 swift test --filter documentation` writes the table into the page.
    @Test("the documentation has the table as it is")
    func documentation() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../docs/configuration.md").standardized
        var text = try String(contentsOf: page, encoding: .utf8)
        let table = "<!-- settings -->\n" + SettingsDocumentation.markdownTable + "\n<!-- end of settings -->"
        if ProcessInfo.processInfo.environment["UPDATE_DOCS"] != nil {
            let marked = /<!-- settings -->[^§]*<!-- end of settings -->/
            text = text.replacing(marked, with: table)
            try Data(text.utf8).write(to: page)
        }
        #expect(text.contains(table))
    }
}

/// The configuration that flags and environment make, with a home folder.
func resolve(_ flags: [String] = [], environment: [String: String] = [:]) throws -> NodeConfiguration {
    let environment = environment.merging(["HOME": "/home/x"]) { given, _ in given }
    return try NodeConfiguration(
        ResolvedSettings(flags: flags, environment: environment), environment: environment)
}

/// A file with a text, in the system's temporary folder.
func temporaryFile(_ text: String) throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: "waystation-\(UUID().uuidString).yaml")
    try Data(text.utf8).write(to: url)
    return url.path
}
