import Foundation
import LibP2PIdentity
import LibP2PKademlia
import LibP2PTesting
import Multiformats

/// The bytes of a hexadecimal text; nil if it is none.
func bytes(hex text: String?) -> [UInt8]? { text.flatMap { try? hex($0) } }

extension SeededGenerator {
    mutating func peer() throws -> PeerID { try PeerID(bytes: [0x12, 0x20] + bytes(32)) }
}
