import Foundation
import HTTPTypes
import LibP2PCore
import LibP2PIdentity
import Multiformats
import NIOCore

/// One request of the RPC: its arguments, and what the routes share.
struct RPCCall: Sendable {
    let delegate: Delegate
    let executor: LoopExecutor
    let request: DelegateRequest
    let arguments: RPCArguments
    /// How long it may take in all.
    let deadline: Duration
    /// Which addresses the client can read.
    let vocabulary: AddressVocabulary

    // MARK: Forms of answers

    /// One line.
    func line(_ json: [UInt8]) -> DelegateResponse {
        DelegateResponse(.ok, type: "application/json", json + [UInt8(ascii: "\n")])
    }

    /// Lines as they come. An error before the first has a status of its own, unless it takes long; a later one is told by
    /// a trailer.
    func stream<Element: Sendable>(
        _ findings: Findings<Element>, _ line: @escaping @Sendable (Element) -> [UInt8]
    ) async throws -> DelegateResponse {
        var first: Element?
        switch await findings.next(within: delegate.settings.headerDelay) {
        case .element(let element): first = element
        case .end(let error?): throw error
        case .end(nil), .nothingYet: break
        }
        let body = findings.lines(startingWith: first, onEnd: { Self.trailers($0) }, line)
        return DelegateResponse(.ok, headers: Self.streamHeaders, body: .stream(body))
    }

    static let streamHeaders: HTTPFields = [
        .contentType: "application/json", .chunkedOutput: "1", .trailer: HTTPField.Name.streamError.rawName,
    ]

    static func trailers(_ error: (any Error)?) -> HTTPFields? {
        error.map { error in
            // A header's value ends with its line.
            let text = RPCAPI.message(of: error).map { $0.isNewline ? " " : $0 }
            return [.streamError: String(text)]
        }
    }

    /// Starts a search within the request's time.
    func search<Element: Sendable>(
        capacity: Int, _ body: @escaping @Sendable (@escaping @Sendable (Element) -> Void) async throws -> Void
    ) -> Findings<Element> {
        Findings(on: executor, within: deadline, capacity: capacity, body)
    }

    /// Runs work within the request's time.
    func within<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withDeadline(deadline, on: executor, work)
    }

    /// A record with those of its addresses that the client can read.
    func readable(_ record: RoutingRecord) -> RoutingRecord {
        guard vocabulary != .current else { return record }
        var record = record
        record.addresses = readable(record.addresses, in: vocabulary)
        return record
    }

    private func readable(_ addresses: [String], in vocabulary: AddressVocabulary) -> [String] {
        addresses.filter { text in
            (try? Multiaddr(text)).map { !vocabulary.understood(of: [$0]).isEmpty } ?? false
        }
    }

    // MARK: The node

    func id() throws -> DelegateResponse {
        let profile = delegate.node.profile
        if let other = arguments.arguments.first, (try? PeerID(other)) != profile.id {
            throw RoutingError(
                .badInput, "this delegate tells of itself only; look \"\(other.prefix(80))\" up by dht/findpeer")
        }
        // Clients of 2020 ask here too, and read all or nothing; what they can read is enough to connect by.
        var own = profile
        own.addresses = readable(own.addresses, in: .year2020)
        return line(RPCAnswer.profile(own))
    }

    func version() -> DelegateResponse { line(RPCAnswer.version(delegate.node.profile.version)) }

    func swarmPeers() -> DelegateResponse { line(RPCAnswer.peers(delegate.node.connectedPeers)) }

    func swarmConnect() async throws -> DelegateResponse {
        try delegate.authorize(request, delegate.settings.allowsConnect)
        let targets = try arguments.several("address").map { text throws(RoutingError) in
            guard let address = try? Multiaddr(text), let peer = address.peerID else {
                throw RoutingError(.badInput, "\"\(text.prefix(200))\" is not an address with a peer id at its end")
            }
            return (peer: peer, address: address)
        }
        let node = delegate.node
        try await within {
            for target in targets { try await node.connect(to: target.peer, at: [target.address]) }
        }
        return line(RPCAnswer.strings(targets.map { "connect \($0.peer) success" }))
    }
}

extension HTTPField.Name {
    /// What follows is a sequence of objects.
    static let chunkedOutput = constant("X-Chunked-Output")
    /// What follows is raw bytes.
    static let streamOutput = constant("X-Stream-Output")
    /// The bytes of what follows.
    static let wholeLength = constant("X-Content-Length")
    /// An error after the answer began.
    static let streamError = constant("X-Stream-Error")

    /// The names above are tokens, so that the fallback is never taken.
    private static func constant(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .contentType }
}
