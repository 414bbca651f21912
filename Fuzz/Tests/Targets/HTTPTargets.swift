import Crypto
import LibP2PCore
import LibP2PIdentity

@testable import LibP2PHTTP

extension FuzzTarget {
    static let http = [FuzzTarget("peer-id-auth", cost: 2, check: peerIDAuth)]

    /// A header's value, in each of the three places where one can stand.
    private static func peerIDAuth(_ input: [UInt8]) throws -> Bool {
        let text = String(decoding: input, as: UTF8.self)
        let now = Timestamp(seconds: 1_700_000_000)
        let identity = try PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32))
        let server = PeerIDAuthServer(identity: identity, secret: SymmetricKey(data: input + [0])) { _ in true }
        if case .authenticated = server.check(authorization: text, hostname: "example.com", at: now) {
            throw BrokenRule("a header without a proof authenticates nobody")
        }
        var client = PeerIDAuthClient(
            identity: try PrivateKey(ed25519Seed: [UInt8](repeating: 2, count: 32)), hostname: "example.com",
            begins: false)
        _ = try? client.receive(status: 401, challenges: [text], info: nil)
        _ = try? client.authorization(at: now)
        _ = try? client.receive(status: 200, challenges: [], info: text)
        guard let header = try? PeerIDAuthHeader.read(text) else { return false }
        try require(text.utf8.count <= PeerIDAuthHeader.maxLength, "headers are bounded")
        // Padding may be added, which a header at the limit has no room for.
        guard let written = try? header.text() else { return true }
        try requireEqual(try PeerIDAuthHeader.read(written), header, "a header through its text")
        return true
    }
}
