/// Base 58 with Bitcoin's alphabet and no prefix: the text of peer ids and of version 0 CIDs.
public enum Base58 {
    /// The text of `bytes`; the cost grows with the square of the length.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        Multibase.base58btc.encodeBody(bytes)
    }

    /// Reads a text.
    ///
    /// - Throws: `MultiformatsError.Code.multibase`, or `.tooLong` beyond `Multibase.maxPositionalLength`.
    public static func decode(_ text: some StringProtocol) throws(MultiformatsError) -> [UInt8] {
        try Multibase.base58btc.decodeBody(text)
    }
}
