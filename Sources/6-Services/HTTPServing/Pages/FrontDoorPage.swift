/// What the front door tells a person who opens it in a browser.
public struct FrontDoorPage: Sendable {
    /// The node's peer id.
    public var peerID: String

    /// The program and its version.
    public var agentVersion: String

    /// Addresses to dial, with the peer id.
    public var addresses: [String]

    /// Protocols of the DHTs that are served.
    public var dhtProtocols: [String]

    /// Makes a page.
    public init(peerID: String, agentVersion: String, addresses: [String], dhtProtocols: [String]) {
        self.peerID = peerID
        self.agentVersion = agentVersion
        self.addresses = addresses
        self.dhtProtocols = dhtProtocols
    }

    /// The page.
    var html: String {
        let dht =
            dhtProtocols.isEmpty
            ? "" : "<h2>Distributed hash tables served</h2>" + HTML.list(dhtProtocols, none: "")
        return HTML.page(
            title: "Waystation",
            body: """
                <h1>Waystation</h1>
                <p>This is a libp2p node: peer-to-peer programs join their network through it.
                There is nothing to click here; give one of these addresses to your program as a bootstrap peer.</p>
                <h2>Addresses to use</h2>
                \(HTML.list(addresses, none: "The node has no address yet."))
                <h2>Peer id</h2>
                <p><code>\(HTML.escaped(peerID))</code></p>
                \(dht)
                <p><small>\(HTML.escaped(agentVersion))</small></p>
                """)
    }
}
