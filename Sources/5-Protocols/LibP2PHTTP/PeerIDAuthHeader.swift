import Multiformats

/// What the three headers of the scheme `libp2p-PeerID` say: `WWW-Authenticate`, `Authorization` and `Authentication-Info`.
///
/// Spec: libp2p/specs http/peer-id-auth.md. Challenges and tokens are texts that only their maker reads; keys and signatures
/// are base 64 with the URL's alphabet. They are written with padding, without which go-libp2p does not read them, and read
/// with and without.
public struct PeerIDAuthHeader: Sendable, Hashable {
    /// What the server must sign, chosen by the client.
    public var challengeServer: String?
    /// What the client must sign, chosen by the server.
    public var challengeClient: String?
    /// The sender's public key, in protobuf form.
    public var publicKey: [UInt8]?
    /// The sender's signature.
    public var signature: [UInt8]?
    /// What the client must give back as it is.
    public var opaque: String?
    /// What stands for the client's proof in later requests.
    public var bearer: String?
    /// Until when the token is good, in the words of RFC 3339; a hint only.
    public var expires: String?

    /// The name of the scheme.
    public static let scheme = "libp2p-PeerID"

    /// The longest header that is written or read, in bytes: that of other implementations.
    public static let maxLength = 2048

    /// A header that says nothing yet.
    public init() {}

    /// The header's value.
    ///
    /// - Throws: ``PeerIDAuthError``: `.tooLong`, or `.malformed` when a text cannot stand in quotes.
    public func text() throws(PeerIDAuthError) -> String {
        var parts: [String] = []
        for (name, value) in parameters {
            guard let value else { continue }
            guard value.utf8.allSatisfy(Self.mayBeQuoted) else {
                throw PeerIDAuthError(.malformed, "The parameter \(name) has characters that cannot stand in a header.")
            }
            parts.append("\(name)=\"\(value)\"")
        }
        let text = Self.scheme + " " + parts.joined(separator: ", ")
        guard text.utf8.count <= Self.maxLength else {
            throw PeerIDAuthError(
                .tooLong,
                "A header of \(text.utf8.count) bytes is over the limit of \(Self.maxLength): RSA keys of more than 4096 bits"
                    + " are too large for it.")
        }
        return text
    }

    private var parameters: [(String, String?)] {
        [
            ("challenge-client", challengeClient), ("challenge-server", challengeServer),
            ("public-key", publicKey.map(Multibase.base64urlpad.encodeBody)),
            ("sig", signature.map(Multibase.base64urlpad.encodeBody)),
            ("opaque", opaque), ("bearer", bearer), ("expires", expires),
        ]
    }

    /// Reads a header's value. Other schemes in it, and parameters that nobody knows, are passed over.
    ///
    /// - Returns: nil when the header does not speak of this scheme.
    /// - Throws: ``PeerIDAuthError``: `.tooLong`, or `.malformed` for parameters without quotes, given twice, or not in
    ///   base 64.
    public static func read(_ text: some StringProtocol) throws(PeerIDAuthError) -> PeerIDAuthHeader? {
        guard text.utf8.count <= maxLength else {
            throw PeerIDAuthError(
                .tooLong, "A header of \(text.utf8.count) bytes is over the limit of \(maxLength).")
        }
        guard let parameters = try AuthParameters.read(Array(text.utf8), scheme: scheme) else { return nil }
        var header = PeerIDAuthHeader()
        header.challengeClient = parameters["challenge-client"]
        header.challengeServer = parameters["challenge-server"]
        header.publicKey = try bytes("public-key", in: parameters)
        header.signature = try bytes("sig", in: parameters)
        header.opaque = parameters["opaque"]
        header.bearer = parameters["bearer"]
        header.expires = parameters["expires"]
        return header
    }

    private static func bytes(_ name: String, in parameters: [String: String]) throws(PeerIDAuthError) -> [UInt8]? {
        guard let text = parameters[name] else { return nil }
        guard let bytes = base64(text) else {
            throw PeerIDAuthError(.malformed, "The parameter \(name) is not base 64 with the URL's alphabet.")
        }
        return bytes
    }

    /// Base 64 with or without padding; nil for anything else.
    static func base64(_ text: String) -> [UInt8]? {
        try? (text.utf8.contains(UInt8(ascii: "=")) ? Multibase.base64urlpad : .base64url).decodeBody(text)
    }

    /// Whether a character stands for itself between quotes. Escapes are neither written nor read: implementations differ.
    static func mayBeQuoted(_ character: UInt8) -> Bool {
        (0x20...0x7e).contains(character) && character != UInt8(ascii: "\"") && character != UInt8(ascii: "\\")
    }
}
