import Foundation
import LibP2PIdentity
import Multiformats

/// The other shapes of kubo's RPC answers. Each is one line of JSON without its end.
enum RPCAnswer {
    /// A block that was come upon, or why it could not be had.
    static func reference(_ reference: String, error: String = "") -> [UInt8] {
        var text = JSONText()
        text.raw("{\"Ref\":")
        text.string(reference)
        text.raw(",\"Err\":")
        text.string(error)
        text.raw("}")
        return text.bytes
    }

    /// `block/stat`.
    static func block(_ cid: CID, size: Int) -> [UInt8] {
        var text = JSONText()
        text.raw("{\"Key\":")
        text.string(cid.description)
        text.raw(",\"Size\":")
        text.number(size)
        text.raw("}")
        return text.bytes
    }

    /// Lines of text, as `swarm/connect` answers.
    static func strings(_ lines: [String]) -> [UInt8] {
        var text = JSONText()
        text.raw("{\"Strings\":")
        text.strings(lines)
        text.raw("}")
        return text.bytes
    }

    /// `swarm/peers`.
    static func peers(_ peers: [(id: PeerID, address: String)]) -> [UInt8] {
        var text = JSONText()
        text.raw("{\"Peers\":")
        text.list(peers) { text, peer in
            text.raw("{\"Addr\":")
            text.string(peer.address)
            text.raw(",\"Peer\":")
            text.string(peer.id.description)
            text.raw(",\"Latency\":\"\",\"Muxer\":\"\",\"Direction\":0,\"Streams\":null}")
        }
        text.raw("}")
        return text.bytes
    }

    /// `id`.
    static func profile(_ profile: DelegateProfile) -> [UInt8] {
        var text = JSONText()
        text.raw("{\"ID\":")
        text.string(profile.id.description)
        text.raw(",\"PublicKey\":")
        text.string(Data(profile.publicKey).base64EncodedString())
        text.raw(",\"Addresses\":")
        text.strings(profile.addresses)
        text.raw(",\"AgentVersion\":")
        text.string(profile.agentVersion)
        text.raw(",\"ProtocolVersion\":")
        text.string(profile.protocolVersion)
        text.raw(",\"Protocols\":")
        text.strings(profile.protocols)
        text.raw("}")
        return text.bytes
    }

    /// `version`.
    static func version(_ version: String) -> [UInt8] {
        var text = JSONText()
        text.raw("{\"Version\":")
        text.string(version)
        text.raw(",\"Commit\":\"\",\"Repo\":\"\",\"System\":\"\",\"Golang\":\"\"}")
        return text.bytes
    }

    /// An error before anything was sent.
    static func failure(_ message: String, code: RPCFailure) -> [UInt8] {
        var text = JSONText()
        text.raw("{\"Message\":")
        text.string(message)
        text.raw(",\"Code\":")
        text.number(code.rawValue)
        text.raw(",\"Type\":\"error\"}\n")
        return text.bytes
    }
}

/// The kinds of failure that kubo's RPC tells apart.
enum RPCFailure: Int, Sendable, Hashable {
    /// It was tried and failed.
    case normal = 0
    /// The request is wrong.
    case client = 1
    /// The node is at fault.
    case implementation = 2
    /// Asked too often.
    case rateLimited = 3
    /// Not allowed.
    case forbidden = 4

    init(_ code: RoutingError.Code) {
        switch code {
        case .badInput, .notAcceptable: self = .client
        case .busy: self = .rateLimited
        case .forbidden, .unauthorized: self = .forbidden
        default: self = .normal
        }
    }

    /// The HTTP status.
    var status: Int {
        switch self {
        case .normal, .implementation: 500
        case .client: 400
        case .rateLimited: 429
        case .forbidden: 403
        }
    }
}
