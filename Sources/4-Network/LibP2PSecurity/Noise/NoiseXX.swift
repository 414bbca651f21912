internal import LibP2PCore

/// The pattern `Noise_XX_25519_ChaChaPoly_SHA256`: three messages after which both sides know each other's static key.
///
/// ```
/// -> e
/// <- e, ee, s, es
/// -> s, se
/// ```
/// This is the plain pattern of the Noise specification, with payloads of any bytes; what libp2p puts into the payloads
/// is `NoiseHandshake`'s matter. The dialer is the initiator.
struct NoiseXX {
    private enum Token {
        case ephemeral
        case `static`
        case ee
        case es
        case se
    }

    private static let protocolName = "Noise_XX_25519_ChaChaPoly_SHA256"
    private static let keyLength = 32
    private static let pattern: [[Token]] = [[.ephemeral], [.ephemeral, .ee, .static, .es], [.static, .se]]

    private let role: HandshakeRole
    private let staticKey: NoiseKeyPair
    private let ephemeral: NoiseKeyPair
    private var symmetric: NoiseSymmetricState
    private var message = 0
    private var remoteEphemeral: [UInt8]?
    /// The other side's static key, once its message has been read.
    private(set) var remoteStatic: [UInt8]?

    init(role: HandshakeRole, staticKey: NoiseKeyPair, ephemeral: NoiseKeyPair, prologue: [UInt8]) {
        self.role = role
        self.staticKey = staticKey
        self.ephemeral = ephemeral
        symmetric = NoiseSymmetricState(protocolName: Self.protocolName, prologue: prologue)
    }

    /// Whether all three messages have passed.
    var isFinished: Bool { message == Self.pattern.count }

    /// The hash that identifies this handshake, for channel binding.
    var handshakeHash: [UInt8] { symmetric.handshakeHash }

    /// The keys for what follows the handshake.
    func transportKeys() -> (send: [UInt8], receive: [UInt8]) {
        let keys = symmetric.split()
        switch role {
        case .dialer: return (keys.initiator, keys.responder)
        case .listener: return (keys.responder, keys.initiator)
        }
    }

    /// The next message, when it is this side's turn.
    mutating func write(payload: [UInt8]) throws(SecurityError) -> [UInt8] {
        var output: [UInt8] = []
        for token in try turn(of: role) {
            switch token {
            case .ephemeral:
                output += ephemeral.publicKey
                symmetric.mixHash(ephemeral.publicKey)
            case .static:
                output += try symmetric.encryptAndHash(staticKey.publicKey)
            case .ee, .es, .se:
                try mixSecret(token)
            }
        }
        output += try symmetric.encryptAndHash(payload)
        return output
    }

    /// Takes the other side's message and gives its payload.
    mutating func read(_ bytes: [UInt8]) throws(SecurityError) -> [UInt8] {
        var rest = bytes[...]
        for token in try turn(of: role == .dialer ? .listener : .dialer) {
            switch token {
            case .ephemeral:
                let key = try take(Self.keyLength, from: &rest)
                symmetric.mixHash(key)
                remoteEphemeral = Array(key)
            case .static:
                let field = try take(Self.keyLength + NoiseCipher.tagLength, from: &rest)
                remoteStatic = try symmetric.decryptAndHash(field)
            case .ee, .es, .se:
                try mixSecret(token)
            }
        }
        return try symmetric.decryptAndHash(rest)
    }

    /// The tokens of the next message, which must be the one that `sender` sends.
    private mutating func turn(of sender: HandshakeRole) throws(SecurityError) -> [Token] {
        guard !isFinished, (message % 2 == 0) == (sender == .dialer) else {
            throw SecurityError(.malformed, "message \(message) of the Noise handshake is not the \(sender)'s to send")
        }
        defer { message += 1 }
        return Self.pattern[message]
    }

    private mutating func mixSecret(_ token: Token) throws(SecurityError) {
        let (mine, theirs) =
            switch (token, role) {
            case (.es, .dialer), (.se, .listener): (ephemeral, remoteStatic)
            case (.es, .listener), (.se, .dialer): (staticKey, remoteEphemeral)
            default: (ephemeral, remoteEphemeral)
            }
        guard let theirs else {
            throw SecurityError(.malformed, "the Noise handshake needs a key that the peer has not sent")
        }
        symmetric.mixKey(try mine.sharedSecret(with: theirs))
    }

    private func take(_ count: Int, from rest: inout ArraySlice<UInt8>) throws(SecurityError) -> ArraySlice<UInt8> {
        guard rest.count >= count else {
            throw SecurityError(
                .malformed, "message \(message) of the Noise handshake ends early: \(rest.count) of \(count) bytes")
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
