import Foundation
import Multiformats

/// The bytes that a file of `Tests/Vectors` holds in hexadecimal at a path of keys.
func vector(_ file: String, _ path: String...) throws -> [UInt8] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let data = try Data(contentsOf: root.appending(path: "Tests/Vectors/\(file).json"))
    var value: Any? = try JSONSerialization.jsonObject(with: data)
    for key in path { value = (value as? [String: Any])?[key] }
    guard let text = value as? String else { throw BrokenRule("\(file).json has nothing at \(path)") }
    return try Multibase.base16.decodeBody(text)
}
