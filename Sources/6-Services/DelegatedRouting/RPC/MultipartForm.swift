import NIOCore

/// A body of `multipart/form-data` (RFC 7578), as far as the RPC's clients send it: one part, the file.
enum MultipartForm {
    /// The content of the only part; the whole body when it is no form.
    ///
    /// - Throws: ``RoutingError`` with code ``RoutingError/Code/badInput``.
    static func onlyPart(_ body: ByteBuffer, type: String?) throws(RoutingError) -> [UInt8] {
        let bytes = [UInt8](body.readableBytesView)
        guard let type, type.lowercased().hasPrefix("multipart/form-data") else { return bytes }
        guard let boundary = boundary(of: type) else {
            throw RoutingError(.badInput, "a multipart body has no boundary")
        }
        let line = Array("--\(boundary)".utf8)
        guard let start = find(line, in: bytes[...]) else { throw malformed }
        guard let head = find(Array("\r\n\r\n".utf8), in: bytes[start.upperBound...]) else { throw malformed }
        guard let end = find(Array("\r\n".utf8) + line, in: bytes[(head.upperBound - 2)...]) else { throw malformed }
        guard bytes[end.upperBound...].starts(with: Array("--".utf8)) else {
            throw RoutingError(.badInput, "a multipart body has more than one part")
        }
        guard end.lowerBound >= head.upperBound else { return [] }
        return Array(bytes[head.upperBound..<end.lowerBound])
    }

    private static let malformed = RoutingError(.badInput, "a multipart body is malformed")

    private static func boundary(of type: String) -> String? {
        for parameter in type.split(separator: ";").dropFirst() {
            let parameter = parameter.drop { $0 == " " }
            guard parameter.lowercased().hasPrefix("boundary=") else { continue }
            let value = parameter.dropFirst("boundary=".count).filter { $0 != "\"" }
            return value.isEmpty || value.utf8.count > 70 ? nil : String(value)
        }
        return nil
    }

    /// The first place of some bytes.
    private static func find(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        guard let first = needle.first else { return nil }
        var rest = bytes
        while let index = rest.firstIndex(of: first) {
            rest = rest[index...]
            if rest.starts(with: needle) { return index..<(index + needle.count) }
            rest = rest.dropFirst()
        }
        return nil
    }
}
