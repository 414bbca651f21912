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

    /// Whether browsers with the transport webrtc-star meet here.
    public var isStar: Bool

    /// Makes a page.
    public init(
        peerID: String, agentVersion: String, addresses: [String], dhtProtocols: [String], isStar: Bool = false
    ) {
        self.peerID = peerID
        self.agentVersion = agentVersion
        self.addresses = addresses
        self.dhtProtocols = dhtProtocols
        self.isStar = isStar
    }

    /// The page, as it is right for who opened it at `origin`.
    func html(at origin: PageOrigin?) -> String {
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
                \(isStar ? Self.star(at: origin) : "")
                <h2>Peer id</h2>
                <p><code>\(HTML.escaped(peerID))</code></p>
                \(dht)
                <p><small>\(HTML.escaped(agentVersion))</small></p>
                """)
    }

    private static func star(at origin: PageOrigin?) -> String {
        let addresses = origin?.starAddresses ?? []
        let rows = addresses.map { scheme, address in
            let when = addresses.count > 1 ? "<br><small>if you opened this page with \(scheme)://</small>" : ""
            return "<li><code>\(HTML.escaped(address))</code>\(when)</li>"
        }
        let list =
            rows.isEmpty
            ? "<p>Open this page under the name that clients shall use, and it shows the address here.</p>"
            : "<ul>\(rows.joined())</ul>"
        return """
            <h2>Signalling for browsers</h2>
            <p>Browsers find each other here by the transport webrtc-star of js-libp2p. Put this address among those that
            your program listens on (<code>addresses.listen</code>); it adds its own peer id:</p>
            \(list)
            """
    }
}
