public import LibP2PCore
public import LibP2PIdentity

extension Simulation {
    /// A key by chance from the seed.
    public func makeIdentity() throws -> PrivateKey { try PrivateKey(ed25519Seed: random.bytes(32)) }

    /// A ``TestNode`` by chance from the seed.
    public func makeNode(serving handlers: [any StreamHandler] = []) throws -> TestNode {
        TestNode(identity: try makeIdentity(), handlers: handlers)
    }
}
