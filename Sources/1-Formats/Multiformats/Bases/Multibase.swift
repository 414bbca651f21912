/// The self-describing text encodings of https://github.com/multiformats/multibase; the raw value is the prefix character.
public enum Multibase: Character, CaseIterable, Hashable, Sendable {
    case base16 = "f"
    case base16upper = "F"
    case base32 = "b"
    case base32upper = "B"
    case base32pad = "c"
    case base32padupper = "C"
    case base32hex = "v"
    case base32hexupper = "V"
    case base36 = "k"
    case base36upper = "K"
    case base58btc = "z"
    case base64 = "m"
    case base64pad = "M"
    case base64url = "u"
    case base64urlpad = "U"

    /// The longest text of base 36 and base 58 that is read. Their cost grows with the square of the length; the longest value
    /// in use, a CID with a digest of 128 bytes, stays below 250 characters.
    public static let maxPositionalLength = 512

    /// The text of `bytes` with the prefix character in front.
    ///
    /// Base 36 and base 58 take time that grows with the square of the length: use them for short values only.
    public func encode(_ bytes: some Collection<UInt8>) -> String {
        String(rawValue) + encodeBody(bytes)
    }

    /// The text of `bytes` without the prefix character.
    public func encodeBody(_ bytes: some Collection<UInt8>) -> String {
        switch codec {
        case .bits(let base): String(decoding: base.encode(bytes), as: UTF8.self)
        case .positional(let base): String(decoding: base.encode(bytes), as: UTF8.self)
        }
    }

    /// Reads a text that starts with a prefix character.
    ///
    /// - Throws: `MultiformatsError.Code.multibase` when the prefix is unknown or the rest is not valid in that base.
    public static func decode(_ text: some StringProtocol) throws(MultiformatsError) -> (Multibase, [UInt8]) {
        guard let prefix = text.first, let base = Multibase(rawValue: prefix) else {
            throw MultiformatsError(.multibase, "\(MultiformatsError.excerpt(text)) has no known multibase prefix")
        }
        return (base, try base.decodeBody(text.dropFirst()))
    }

    /// Reads a text without a prefix character.
    ///
    /// Characters outside the alphabet, padding that does not belong to the base, and unused bits that are set are refused, so
    /// that a value has one text only (and its other case, where the base ignores case).
    ///
    /// - Throws: `MultiformatsError.Code.multibase`, or `.tooLong` beyond `maxPositionalLength`.
    public func decodeBody(_ text: some StringProtocol) throws(MultiformatsError) -> [UInt8] {
        let utf8 = Array(text.utf8)[...]
        let decoded: [UInt8]?
        switch codec {
        case .bits(let base):
            decoded = base.decode(utf8)
        case .positional(let base):
            guard text.utf8.count <= Self.maxPositionalLength else {
                throw MultiformatsError(
                    .tooLong,
                    "a \(self) text of \(text.utf8.count) characters is over the limit of \(Self.maxPositionalLength)")
            }
            decoded = base.decode(utf8, maxLength: Self.maxPositionalLength)
        }
        guard let decoded else {
            throw MultiformatsError(.multibase, "\(MultiformatsError.excerpt(text)) is not valid \(self)")
        }
        return decoded
    }
}

extension Multibase {
    private enum Codec {
        case bits(BitBase)
        case positional(PositionalBase)
    }

    private static let digits = "0123456789"
    private static let lower = "abcdefghijklmnopqrstuvwxyz"
    private static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    private static let hex = BitBase(alphabet: digits + "abcdef", bitsPerCharacter: 4, ignoresCase: true)
    private static let hexUpper = BitBase(alphabet: digits + "ABCDEF", bitsPerCharacter: 4, ignoresCase: true)
    private static let b32 = BitBase(alphabet: lower + "234567", bitsPerCharacter: 5, ignoresCase: true)
    private static let b32Upper = BitBase(alphabet: upper + "234567", bitsPerCharacter: 5, ignoresCase: true)
    private static let b32Pad = BitBase(
        alphabet: lower + "234567", bitsPerCharacter: 5, padding: .required, ignoresCase: true)
    private static let b32PadUpper = BitBase(
        alphabet: upper + "234567", bitsPerCharacter: 5, padding: .required, ignoresCase: true)
    private static let b32Hex = BitBase(
        alphabet: digits + "abcdefghijklmnopqrstuv", bitsPerCharacter: 5, ignoresCase: true)
    private static let b32HexUpper = BitBase(
        alphabet: digits + "ABCDEFGHIJKLMNOPQRSTUV", bitsPerCharacter: 5, ignoresCase: true)
    private static let b36 = PositionalBase(alphabet: digits + lower, ignoresCase: true)
    private static let b36Upper = PositionalBase(alphabet: digits + upper, ignoresCase: true)
    private static let b58 = PositionalBase(alphabet: "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
    private static let b64 = BitBase(alphabet: upper + lower + digits + "+/", bitsPerCharacter: 6)
    private static let b64Pad = BitBase(
        alphabet: upper + lower + digits + "+/", bitsPerCharacter: 6, padding: .required)
    private static let b64URL = BitBase(alphabet: upper + lower + digits + "-_", bitsPerCharacter: 6)
    private static let b64URLPad = BitBase(
        alphabet: upper + lower + digits + "-_", bitsPerCharacter: 6, padding: .required)

    private var codec: Codec {
        switch self {
        case .base16: .bits(Self.hex)
        case .base16upper: .bits(Self.hexUpper)
        case .base32: .bits(Self.b32)
        case .base32upper: .bits(Self.b32Upper)
        case .base32pad: .bits(Self.b32Pad)
        case .base32padupper: .bits(Self.b32PadUpper)
        case .base32hex: .bits(Self.b32Hex)
        case .base32hexupper: .bits(Self.b32HexUpper)
        case .base36: .positional(Self.b36)
        case .base36upper: .positional(Self.b36Upper)
        case .base58btc: .positional(Self.b58)
        case .base64: .bits(Self.b64)
        case .base64pad: .bits(Self.b64Pad)
        case .base64url: .bits(Self.b64URL)
        case .base64urlpad: .bits(Self.b64URLPad)
        }
    }
}
