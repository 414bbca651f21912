/// Unsigned varints as multiformats use them: seven bits a byte, least significant first, always in the shortest form and
/// never longer than nine bytes (63 bits), see https://github.com/multiformats/unsigned-varint.
public enum Varint {
    /// The longest varint that is read, in bytes.
    public static let maxLength = 9

    /// The varint of `value`.
    ///
    /// Values of 2^63 and above take ten bytes, which no reader of this format accepts.
    public static func encode(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    /// Appends the varint of `value` to `bytes`.
    public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// How many bytes the varint of `value` takes.
    public static func length(of value: UInt64) -> Int {
        value == 0 ? 1 : (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7
    }

    /// Reads the varint at the start of `bytes` and tells how many bytes it took; what follows is not looked at.
    ///
    /// - Throws: `MultiformatsError.Code.varint` when it is truncated, longer than `maxLength` or not minimal.
    public static func decode(_ bytes: some Collection<UInt8>) throws(MultiformatsError) -> (value: UInt64, length: Int)
    {
        var value: UInt64 = 0
        var length = 0
        for byte in bytes {
            value |= UInt64(byte & 0x7f) << UInt64(7 * length)
            length += 1
            if byte & 0x80 == 0 {
                if byte == 0, length > 1 {
                    throw MultiformatsError(.varint, "a varint of \(length) bytes is not minimal")
                }
                return (value, length)
            }
            if length == maxLength {
                throw MultiformatsError(.varint, "a varint is longer than \(maxLength) bytes")
            }
        }
        throw MultiformatsError(.varint, "a varint ends after \(length) bytes, in the middle")
    }
}
