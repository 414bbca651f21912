import NIOCore

@testable import StarSignalling

extension FuzzTarget {
    /// What the star reads of clients' events, and of what others may have written to its Redis.
    static let star = [
        FuzzTarget("star-address") { input in
            guard let address = StarAddress(json: ByteBuffer(bytes: input)) else { return false }
            try require(address.bytes.count <= StarAddress.longest, "addresses are bounded")
            try requireEqual(StarAddress(json: address.json), address, "an address is written as it is read")
            return true
        },
        FuzzTarget("star-handshake") { input in
            guard let offer = HandshakeOffer(ByteBuffer(bytes: input)) else { return false }
            let refused = offer.refused
            try require(refused.readableBytes <= input.count + 32, "a refusal grows by its reason only")
            let again = HandshakeOffer(refused)
            try requireEqual(again?.source, offer.source, "a refusal keeps its source")
            try requireEqual(again?.target, offer.target, "a refusal keeps its target")
            let isJSON = JSONText.isObject(ByteBuffer(bytes: input))
            try require(!isJSON || JSONText.isObject(refused), "a refusal stays JSON")
            return true
        },
        FuzzTarget("star-message") { input in
            let bytes = ByteBuffer(bytes: input)
            guard let message = ClusterMessage(bytes) else { return false }
            try requireEqual(message.encoded, bytes, "a message is written as it is read")
            return true
        },
    ]
}
