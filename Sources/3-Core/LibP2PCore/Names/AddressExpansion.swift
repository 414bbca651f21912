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
        let question: NameQuestion
        let depth: Int
    }

    /// The addresses found so far, without duplicates, in the order in which the answers named them.
    public private(set) var results: [Multiaddr] = []
    /// What is still to be asked, the next one last.
    private var pending: [Step] = []
    private var seen: Set<Multiaddr> = []
    private var askedCount = 0

    /// Starts with an address. One that names no host is its own result.
    public init(_ address: Multiaddr) {
        take(address, depth: 0)
    }

    /// What to ask next; nil when all is done. It stays the same until it is answered.
    public var question: NameQuestion? { pending.last?.question }

    /// Takes the answer to ``question``; nil when there is none. An answer of the wrong kind counts as none.
    public mutating func answer(_ answer: NameAnswer?) {
        guard let step = pending.popLast() else { return }
        askedCount += 1
        switch (answer, step.question) {
        case (.addresses(let found), .addresses):
            for ip in found.prefix(Self.maxResults) {
                if let address = step.address.replacingHost(with: ip) { take(address, depth: step.depth) }
            }
        case (.texts(let texts), .texts):
            // Steps are taken from the end: reversed, the entries are followed in the order of the answer.
            let start = pending.count
            for entry in step.address.entries(in: texts) { take(entry, depth: step.depth + 1) }
            pending[start...].reverse()
        default:
            break
        }
        if askedCount >= Self.maxQuestions || results.count >= Self.maxResults { pending.removeAll() }
    }

    private mutating func take(_ address: Multiaddr, depth: Int) {
        guard results.count < Self.maxResults, seen.insert(address).inserted else { return }
        guard let question = address.question else {
            results.append(address)
            return
        }
        if case .texts = question, depth >= Self.maxDepth { return }
        pending.append(Step(address: address, question: question, depth: depth))
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
