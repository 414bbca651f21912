/// The cipher on whole arrays, for the few and small fields of a handshake.
extension NoiseCipher {
    /// Encrypts a field; the tag covers `associated` too.
    ///
    /// - Returns: the ciphertext with its tag at the end.
    func seal(_ plaintext: [UInt8], authenticating associated: [UInt8]) throws(SecurityError) -> [UInt8] {
        var field = plaintext + [UInt8](repeating: 0, count: Self.tagLength)
        let result = field.withUnsafeMutableBytes { field in
            associated.withUnsafeBytes { associated in
                Result { () throws(SecurityError) in
                    let plaintext = UnsafeRawBufferPointer(rebasing: field.prefix(plaintext.count))
                    try seal(plaintext, into: field, authenticating: associated)
                }
            }
        }
        try result.get()
        return field
    }

    /// The inverse of ``seal(_:authenticating:)``.
    ///
    /// - Parameter ciphertext: a field, at least as long as a tag.
    func open(_ ciphertext: ArraySlice<UInt8>, authenticating associated: [UInt8]) throws(SecurityError) -> [UInt8] {
        var field = Array(ciphertext)
        let result = field.withUnsafeMutableBytes { field in
            associated.withUnsafeBytes { associated in
                Result { () throws(SecurityError) in
                    let plaintext = UnsafeMutableRawBufferPointer(rebasing: field.dropLast(Self.tagLength))
                    try open(UnsafeRawBufferPointer(field), into: plaintext, authenticating: associated)
                }
            }
        }
        try result.get()
        field.removeLast(Self.tagLength)
        return field
    }
}
