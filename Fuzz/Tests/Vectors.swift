import LibP2PTesting

/// The bytes that a file of `Tests/Vectors` holds in hexadecimal at a path of keys.
func vector(_ file: String, _ path: String...) throws -> [UInt8] {
    var value: Any? = try TestVectors.values(file)
    for key in path { value = (value as? [String: Any])?[key] }
    guard let text = value as? String else { throw BrokenRule("\(file).json has nothing at \(path)") }
    return try hex(text)
}
