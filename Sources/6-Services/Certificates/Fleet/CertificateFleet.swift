/// Nodes behind one name that share their certificate and take turns in ordering it.
public struct CertificateFleet: Sendable {
    private let store: any FleetStore
    private let owner: String

    /// A node among others.
    ///
    /// - Parameter owner: what the node is told by from the others.
    public init(_ store: any FleetStore, owner: String) {
        self.store = store
        self.owner = owner
    }

    /// How long an order may take. A node that dies meanwhile holds the others up no longer than that.
    static let orderLimit = Duration.seconds(600)
    /// How soon a node looks again while another one orders.
    static let turn = Duration.seconds(15)
    /// How long a certificate lies there, at most: longer than any is valid.
    private static let keepTime = Duration.seconds(400 * 86_400)

    /// The certificate that another node has put there, or one that this node orders, and puts there.
    ///
    /// - Parameters:
    ///   - name: tells certificates apart.
    ///   - isGood: whether what is there, PEM of key and chain, is worth more than what this node has.
    ///   - order: obtains one.
    /// - Throws: ``CertificateError``: `.fleetBusy` while another node orders, with the time to wait; `.unreachable` when the
    ///   store cannot be asked; what `order` throws.
    func obtain(
        _ name: String, isGood: (String) -> Bool, order: () async throws(CertificateError) -> String
    ) async throws(CertificateError) -> String {
        if let text = try await read(name), isGood(text) { return text }
        guard try await lock(name) else {
            throw CertificateError(
                .fleetBusy, "Another node of the fleet is ordering the certificate.", retryAfter: Self.turn)
        }
        do throws(CertificateError) {
            let text = try await readOrOrder(name, isGood, order)
            await unlock(name)
            return text
        } catch {
            await unlock(name)
            throw error
        }
    }

    private func readOrOrder(
        _ name: String, _ isGood: (String) -> Bool, _ order: () async throws(CertificateError) -> String
    ) async throws(CertificateError) -> String {
        // It may have come between the look and the lock.
        if let text = try await read(name), isGood(text) { return text }
        let text = try await order()
        // What was obtained is served here even where it cannot be passed on.
        try? await store.write(text, to: "certificate:\(name)", for: Self.keepTime)
        return text
    }

    private func read(_ name: String) async throws(CertificateError) -> String? {
        do {
            return try await store.read("certificate:\(name)")
        } catch {
            throw Self.unreachable(error)
        }
    }

    private func lock(_ name: String) async throws(CertificateError) -> Bool {
        do {
            return try await store.lock("order:\(name)", by: owner, for: Self.orderLimit)
        } catch {
            throw Self.unreachable(error)
        }
    }

    /// One that cannot be given back runs out.
    private func unlock(_ name: String) async { try? await store.unlock("order:\(name)", by: owner) }

    private static func unreachable(_ error: any Error) -> CertificateError {
        CertificateError(
            .unreachable, "What the nodes of the fleet share cannot be reached; no certificate is ordered meanwhile.",
            cause: error)
    }
}
