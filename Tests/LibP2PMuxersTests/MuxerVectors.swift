import Foundation
import LibP2PTesting
import NIOCore

/// The muxer sections of `Tests/Vectors/wire-basics.json`: names to bytes.
enum MuxerVectors {
    static let yamux = load("yamux")
    static let mplex = load("mplex")

    private static func load(_ section: String) -> [String: [UInt8]] {
        guard let entries = (try? TestVectors.values("wire-basics"))?[section] as? [String: Any]
        else { return [:] }
        return entries.compactMapValues { value in
            (value as? String).flatMap { try? hex($0) }
        }
    }
}
