import LibP2PIdentity
import Wire

@testable import LibP2PBasics
@testable import LibP2PCore
@testable import LibP2PKademlia
@testable import LibP2PRelay

extension FuzzTarget {
    static let protocols = [
        FuzzTarget("identify", cost: 2, check: identify),
        FuzzTarget("autonat-1") { input in
            guard let message = try? AutoNATv1Message(protobuf: input) else { return false }
            if case .dial(_, let addresses) = message {
                try require(addresses.count <= AutoNATv1Message.maxAddresses, "the addresses to dial are bounded")
            }
            try requireStable(message, from: input, growth: 8)
            return message != .other
        },
        FuzzTarget("autonat-2") { input in
            let message = try? AutoNATv2Message(protobuf: input)
            if let message {
                if case .dialRequest(let addresses, _) = message {
                    try require(addresses.count <= AutoNATv2Message.maxAddresses, "the addresses to dial are bounded")
                }
                try requireStable(message, from: input, growth: 24)
            }
            if let message = try? DialBackMessage(protobuf: input) {
                try requireStable(message, from: input, growth: 9)
            }
            if let message = try? DialBackResponse(protobuf: input) {
                try requireStable(message, from: input, growth: 0)
            }
            return message != nil
        },
        FuzzTarget("kademlia", cost: 2, check: kademlia),
        FuzzTarget("relay-1") { input in
            guard let message = try? CircuitMessage(protobuf: input) else { return false }
            for peer in [message.source, message.destination] {
                try require(peer?.addresses.count ?? 0 <= RelayedPeer.maxAddresses, "addresses are bounded")
            }
            try requireStable(message, from: input, growth: 0)
            return message.kind != nil
        },
        FuzzTarget("relay-2") { input in
            let hop = try? HopMessage(protobuf: input)
            if let hop {
                let addresses = hop.reservation?.addresses.count ?? 0
                try require(addresses <= ReservationMessage.maxAddresses, "addresses are bounded")
                _ = try? hop.reservation?.voucher.map { try ReservationVoucher(opening: $0) }
                try requireStable(hop, from: input, growth: 8)
            }
            if let stop = try? StopMessage(protobuf: input) { try requireStable(stop, from: input, growth: 8) }
            return hop?.kind != nil
        },
        FuzzTarget("hole-punch") { input in
            guard let message = try? HolePunchMessage(protobuf: input) else { return false }
            try require(
                message.observedAddresses.count <= HolePunchMessage.maxAddresses, "addresses are bounded")
            try requireStable(message, from: input, growth: 0)
            return message.kind != nil
        },
        FuzzTarget("rendezvous", cost: 2, check: rendezvous),
    ]

    private static let peer = Result {
        try PeerID("12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq")
    }

    private static func identify(_ input: [UInt8]) throws -> Bool {
        guard var message = try? IdentifyMessage(protobuf: input) else { return false }
        try requireStable(message, from: input, growth: 0)
        let parts = message.parts
        try require(parts.count <= IdentifyMessage.maxMessages, "an identification has few parts")
        var joined = IdentifyMessage()
        for part in parts { joined.merge(part) }
        try requireEqual(joined, message, "an identification is the sum of its parts")
        message.merge(message)
        try require(message.listenAddresses.count <= 500 && message.protocols.count <= 1024, "lists are bounded")

        let known = PeerDescription(joined, of: try peer.get(), known: nil, isPush: false)
        try require(known.addresses.count <= 500 && known.protocols.count <= 1024, "what is kept of a peer is bounded")
        for text in [known.agentVersion, known.protocolVersion] {
            try require(text.unicodeScalars.count <= PeerDescription.maxVersionLength, "versions are bounded")
        }
        let pushed = PeerDescription(joined, of: try peer.get(), known: known, isPush: true)
        try requireEqual(pushed, known, "what is pushed unchanged changes nothing")
        return true
    }

    private static func kademlia(_ input: [UInt8]) throws -> Bool {
        guard let message = try? KademliaMessage(protobuf: input) else { return false }
        typealias Limits = KademliaMessage.Limits
        try require(message.key.count <= Limits.keyLength, "keys are bounded")
        try require(message.closerPeers.count <= Limits.closerPeers, "closer peers are bounded")
        try require(message.providerPeers.count <= Limits.providerPeers, "providers are bounded")
        for peer in message.closerPeers + message.providerPeers {
            try require(peer.addresses.count <= Limits.addressesPerPeer, "addresses are bounded")
        }
        // Addresses beyond a peer's size are left out once, and after that the message is what it is.
        let written = message.protobufBytes()
        try require(written.count <= input.count + 16, "\(input.count) bytes became \(written.count)")
        try requireStable(try KademliaMessage(protobuf: written), from: written, growth: 0)
        if let record = message.record {
            _ = try? RecordNamespaces().validate(record.value, key: record.key, now: Timestamp(seconds: 1_800_000_000))
        }
        return true
    }

    private static func rendezvous(_ input: [UInt8]) throws -> Bool {
        if let cookie = RegistrationCookie(bytes: input) {
            try requireEqual(cookie.bytes, input, "a cookie through its bytes")
        }
        guard let message = try? RendezvousMessage(protobuf: input) else { return false }
        switch message {
        case .discover(let discover):
            var table = RegistrationTable(limits: .init())
            let now = Timestamp(seconds: 1_800_000_000)
            _ = try table.register(
                .init(namespace: "a", peer: try peer.get()), record: [1], ttl: nil, now: now)
            let page = try? table.page(discover.namespace, limit: discover.limit, cookie: discover.cookie, now: now)
            try require(page?.registrations.count ?? 0 <= 1, "an answer holds what there is")
        case .discoverResponse(let response):
            try require(response.entries.count <= RendezvousMessage.maxEntries, "registrations are bounded")
        default: break
        }
        // What a message leaves out is written with its default, in each registration too.
        let written = message.protobufBytes()
        try require(written.count <= 4 * input.count + 16, "\(input.count) bytes became \(written.count)")
        try requireStable(try RendezvousMessage(protobuf: written), from: written, growth: 0)
        try requireEqual(try RendezvousMessage(protobuf: written), message, "a message through its bytes")
        return message != .other
    }
}
