public import LibP2PCore
public import Multiformats

/// Gets a proof into the domain that a peer has at an AutoTLS broker: has the broker write it, and waits until name servers
/// show it, so that the certificate authority does not look too early.
public struct AutoTLSPublisher: Sendable {
    let name: AutoTLSName
    private let broker: AutoTLSBroker
    private let resolver: any NameResolver
    private let executor: LoopExecutor
    private let addresses: @Sendable () -> [Multiaddr]

    /// A publisher.
    ///
    /// - Parameters:
    ///   - resolver: whom to ask whether the record is there.
    ///   - executor: on whose clock to wait.
    ///   - addresses: where the node can be dialled now, by what it knows: the broker tries them.
    public init(
        name: AutoTLSName, broker: AutoTLSBroker, resolver: any NameResolver, on executor: LoopExecutor,
        addresses: @escaping @Sendable () -> [Multiaddr]
    ) {
        self.name = name
        self.broker = broker
        self.resolver = resolver
        self.executor = executor
        self.addresses = addresses
    }

    /// Publishes the text of a record.
    ///
    /// - Throws: ``CertificateError``: `.unreachable` while no address is known that the broker could dial, `.recordMissing`
    ///   when the record does not show, and what ``AutoTLSBroker/register(_:addresses:)`` throws.
    func publish(_ value: String) async throws(CertificateError) {
        let addresses = addresses()
        guard !addresses.isEmpty else {
            throw CertificateError(
                .unreachable,
                "AutoTLS needs an address at which the node is reached from outside, and none is known yet.")
        }
        try await broker.register(value, addresses: addresses)
        var wait = RecordWait()
        while true {
            // No such name, or no answer: it may be there the next time.
            let texts = (try? await resolver.texts(at: name.challengeName)) ?? []
            if texts.contains(value) { return }
            guard let pause = wait.next() else {
                throw CertificateError(
                    .recordMissing,
                    "The broker has taken the proof, but \(name.challengeName) does not show it after"
                        + " \(RecordWait.total.components.seconds) s.")
            }
            do {
                try await executor.sleep(for: pause)
            } catch {
                throw CertificateError(.cancelled, "The wait for \(name.challengeName) was ended.", cause: error)
            }
        }
    }
}
