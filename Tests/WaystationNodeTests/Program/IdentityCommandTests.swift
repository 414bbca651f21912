import Foundation
import Testing

@Suite("waystation identity, as a program", .timeLimit(.minutes(1)))
struct IdentityCommandTests {
    private let folder = TemporaryFolder()

    @Test(
        "an identity goes out in every format and comes back the same",
        arguments: ["protobuf", "base64", "json", "seed"])
    func roundTrip(format: String) throws {
        let made = try Program.run(["identity", "new", "--data-dir", folder.path])
        #expect(made.status == 0)
        let peer = made.output
        #expect(peer.hasPrefix("12D3KooW") && peer.hasSuffix("\n"))
        #expect(try Program.run(["identity", "show", "--data-dir", folder.path]).output == peer)

        let file = folder.path + "/exported"
        let exported = try Program.run(
            ["identity", "export", "--data-dir", folder.path, "--format", format, "--output", file])
        #expect(exported.status == 0)
        #expect(exported.output.isEmpty)
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        let other = TemporaryFolder()
        #expect(try Program.run(["identity", "import", file, "--data-dir", other.path]).output == peer)
        #expect(try Program.run(["identity", "show", "--data-dir", other.path]).output == peer)
    }

    @Test("an identity is not replaced by accident")
    func replacing() throws {
        let first = try Program.run(["identity", "new", "--data-dir", folder.path])
        let refused = try Program.run(["identity", "new", "--data-dir", folder.path])
        #expect(refused.status == 1)
        #expect(refused.errors.contains("--force"))
        #expect(try Program.run(["identity", "show", "--data-dir", folder.path]).output == first.output)
        let forced = try Program.run(["identity", "new", "--data-dir", folder.path, "--force"])
        #expect(forced.status == 0)
        #expect(forced.output != first.output)
        #expect(try Program.run(["identity", "show", folder.path + "/identity.key.old"]).output == first.output)
    }

    @Test("--json tells more, and never the secret")
    func json() throws {
        let made = try Program.run(["identity", "new", "--data-dir", folder.path, "--type", "secp256k1", "--json"])
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: String])
        #expect(object["peerId"]?.hasPrefix("16Uiu2") == true)
        #expect(Set(object.keys) == ["cid", "file", "peerId", "publicKey", "type"])
    }

    @Test("what holds no identity is 78, what is not there 69 or 1")
    func failures() throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let junk = folder.path + "/junk"
        try Data("junk".utf8).write(to: URL(fileURLWithPath: junk))
        #expect(try Program.run(["identity", "import", junk, "--data-dir", folder.path]).status == 78)
        #expect(try Program.run(["identity", "import", junk + "2", "--data-dir", folder.path]).status == 69)
        #expect(try Program.run(["identity", "show", "--data-dir", folder.path]).status == 1)
        #expect(try Program.run(["identity", "new", "--type", "dsa", "--data-dir", folder.path]).status == 64)
    }
}
