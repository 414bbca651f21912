public import Multiformats

/// Turns an address that names a host (`/dns`, `/dns4`, `/dns6`, `/dnsaddr`) into addresses that hold IP addresses.
///
/// This is the pure part: it says what to ask, takes the answers and gathers what comes out. `/dnsaddr` leads to further
/// addresses by TXT records `dnsaddr=<multiaddr>` at `_dnsaddr.<host>`
/// (https://github.com/multiformats/multiaddr/blob/master/protocols/DNSADDR.md). An entry counts only if it ends with what
/// follows the host in the address that was asked for, such as `/p2p/<peer>`; what stands from `/p2p-circuit` on is put
/// behind the entry instead. Answers may be hostile: depth, questions and results are bounded, and no address is looked up
/// twice.
///
/// Where TLS carries a WebSocket, the host's name stays in the result as `/sni/<host>`, because the certificate is checked
/// against it: `/dns4/a.b/tcp/443/wss` becomes `/ip4/…/tcp/443/tls/sni/a.b/ws`.
public struct AddressExpansion: Sendable {
    /// How many `/dnsaddr` may lead one to another, as in go-libp2p.
    public static let maxDepth = 4
    /// How many addresses come out at most, as in go-libp2p.
    public static let maxResults = 100
    /// How many questions are asked at most, so that entries that lead nowhere do not keep the resolver busy.
    public static let maxQuestions = 32

    private struct Step {
        let address: Multiaddr
        /// What has to be asked first; nil when the address is a result.
        let question: NameQuestion?
        let depth: Int
    }

    /// The addresses found so far, without duplicates, in the order in which the answers named them.
    public private(set) var results: [Multiaddr] = []
    /// What is still to be followed, the next one last; that one has a question.
    private var pending: [Step] = []
    private var seen: Set<Multiaddr> = []
    private var askedCount = 0

    /// Starts with an address. One that names no host is its own result.
    public init(_ address: Multiaddr) {
        follow([address], depth: 0)
    }

    /// What to ask next; nil when all is done. It stays the same until it is answered.
    public var question: NameQuestion? { pending.last?.question }

    /// Takes the answer to ``question``; nil when there is none. An answer of the wrong kind counts as none.
    public mutating func answer(_ answer: NameAnswer?) {
        guard let step = pending.popLast() else { return }
        askedCount += 1
        switch (answer, step.question) {
        case (.addresses(let found), .addresses):
            let addresses = found.prefix(Self.maxResults).compactMap { step.address.replacingHost(with: $0) }
            follow(addresses, depth: step.depth)
        case (.texts(let texts), .texts):
            follow(step.address.entries(in: texts), depth: step.depth + 1)
        default:
            follow([], depth: step.depth)
        }
    }

    /// Follows addresses in their order, and before all that is pending, up to the next one that needs an answer.
    private mutating func follow(_ addresses: [Multiaddr], depth: Int) {
        for address in addresses.reversed() {
            let question = address.question
            if case .texts = question, depth >= Self.maxDepth { continue }
            pending.append(Step(address: address, question: question, depth: depth))
        }
        while let step = pending.last {
            let isNew = seen.insert(step.address).inserted
            if isNew, step.question != nil, askedCount < Self.maxQuestions { return }
            pending.removeLast()
            if isNew, step.question == nil { results.append(step.address) }
            if results.count == Self.maxResults { pending.removeAll() }
        }
    }
}

extension NameResolver {
    /// The dialable addresses that an address with a host name stands for; see ``AddressExpansion``.
    ///
    /// The questions are asked one after another. Each has the resolver's time limit; limit the whole by cancelling.
    ///
    /// - Throws: ``NetworkError``: what the resolver threw when nothing was found, `.unreachable` when the names lead
    ///   nowhere, `.cancelled`.
    public func expand(_ address: Multiaddr) async throws -> [Multiaddr] {
        var expansion = AddressExpansion(address)
        var failure: (any Error)?
        while let question = expansion.question {
            do {
                expansion.answer(try await answer(to: question))
            } catch let error as NetworkError where error.code == .cancelled {
                throw error
            } catch {
                failure = error
                expansion.answer(nil)
            }
        }
        guard expansion.results.isEmpty else { return expansion.results }
        throw failure ?? NetworkError(.unreachable, "No name record leads from \(address) to an address.")
    }

    private func answer(to question: NameQuestion) async throws -> NameAnswer {
        switch question {
        case .addresses(let host, let family): .addresses(try await addresses(of: host, family: family))
        case .texts(let name): .texts(try await texts(at: name))
        }
    }
}
