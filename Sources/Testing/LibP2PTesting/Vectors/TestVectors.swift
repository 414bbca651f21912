package import Foundation

/// Reads the files of `Tests/Vectors`.
package enum TestVectors {
    /// Decodes a file.
    ///
    /// - Parameters:
    ///   - name: the file's name without `.json`.
    ///   - keys: how the file's keys become the names of the type.
    package static func load<Content: Decodable>(
        _ name: String, as type: Content.Type = Content.self,
        keys: JSONDecoder.KeyDecodingStrategy = .useDefaultKeys
    ) throws -> Content {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = keys
        return try decoder.decode(type, from: data(name))
    }

    /// A file as it is, for tests that need a few places of it only.
    package static func values(_ name: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: data(name)) as? [String: Any] ?? [:]
    }

    private static func data(_ name: String) throws -> Data {
        var root = URL(filePath: #filePath)
        while root.lastPathComponent != "Sources", root.path != "/" { root.deleteLastPathComponent() }
        return try Data(contentsOf: root.deletingLastPathComponent().appending(path: "Tests/Vectors/\(name).json"))
    }
}
