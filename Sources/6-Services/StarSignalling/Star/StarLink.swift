package import NIOCore

/// The way to other nodes of the star. May be called from any loop.
package protocol StarLink: Sendable {
    /// A peer joined here.
    func joined(_ address: StarAddress, _ stamp: JoinStamp)

    /// A peer left here.
    func left(_ address: StarAddress, _ stamp: JoinStamp)

    /// Passes a handshake on to a peer of another node.
    ///
    /// - Parameter lost: is called, on some loop, when there is no way to it now.
    func forward(
        _ handshake: ForwardedHandshake, to node: StarNodeID, orElse lost: @escaping @Sendable () -> Void)
}

/// A handshake on its way from one node to another.
package struct ForwardedHandshake: Sendable, Equatable {
    /// Whom it is for.
    package let target: StarAddress
    /// What it says.
    package let text: ByteBuffer
    /// Whether its sender wants it back when the target is not there.
    package let isReturned: Bool

    package init(target: StarAddress, text: ByteBuffer, isReturned: Bool) {
        self.target = target
        self.text = text
        self.isReturned = isReturned
    }
}
