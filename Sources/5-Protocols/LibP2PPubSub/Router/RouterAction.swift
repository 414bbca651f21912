import LibP2PIdentity
import NIOCore

/// What the router wants done, in this order.
enum RouterAction: Equatable {
    /// Send an RPC with its length in front to peers, who share its bytes.
    ///
    /// Urgent ones, of which the state of a mesh depends, are not dropped when a queue is full.
    case send(ByteBuffer, to: [PeerID], isUrgent: Bool)
    /// Hand a message to this node's own subscribers.
    case deliver(PubSubMessage)
    /// Connect to a peer that another one has named; its record is not verified.
    case connect(PeerID, record: [UInt8]?)
}

/// Control messages that are gathered for peers until an event is handled, so that each peer gets one RPC.
struct PendingControls {
    private var messages: [PeerID: ControlMessage] = [:]
    private var order: [PeerID] = []

    /// Changes what a peer is to be told.
    mutating func add(to peer: PeerID, _ change: (inout ControlMessage) -> Void) {
        if messages[peer] == nil { order.append(peer) }
        change(&messages[peer, default: ControlMessage()])
    }

    /// Forgets what a peer was to be told.
    mutating func drop(_ peer: PeerID) {
        guard messages.removeValue(forKey: peer) != nil else { return }
        order.removeAll { $0 == peer }
    }

    /// Takes the RPCs out, in the order in which peers were first named.
    mutating func take() -> [RouterAction] {
        defer {
            messages = [:]
            order = []
        }
        return order.compactMap { peer in
            guard let control = messages[peer], !control.isEmpty else { return nil }
            let isUrgent = !control.graft.isEmpty || !control.prune.isEmpty
            return .send(RPC(control: control).frame(), to: [peer], isUrgent: isUrgent)
        }
    }
}
