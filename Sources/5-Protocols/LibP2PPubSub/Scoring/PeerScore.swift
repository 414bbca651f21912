import NIOCore

/// What a peer has done, as counters that fade.
struct PeerScore {
    private struct Topic {
        var meshSince: NIODeadline?
        var firstDeliveries = 0.0
        var invalidMessages = 0.0

        var isEmpty: Bool { meshSince == nil && firstDeliveries == 0 && invalidMessages == 0 }
    }

    /// Only topics that this node is in come here, so their number is the node's own affair.
    private var topics: [String: Topic] = [:]
    private(set) var offences = 0.0

    /// The peer is in the mesh of a topic from now on.
    mutating func enterMesh(_ topic: String, at now: NIODeadline) { topics[topic, default: Topic()].meshSince = now }

    /// The peer has left the mesh of a topic.
    mutating func leaveMesh(_ topic: String) { topics[topic]?.meshSince = nil }

    /// The peer has left, and all meshes with it.
    mutating func leaveAllMeshes() {
        topics.updateValues { $0.meshSince = nil }
    }

    /// The peer was the first to bring a message.
    mutating func addFirstDelivery(_ topic: String, _ configuration: ScoreConfiguration) {
        let count = (topics[topic]?.firstDeliveries ?? 0) + 1
        topics[topic, default: Topic()].firstDeliveries = min(count, configuration.firstDeliveryCap)
    }

    /// The peer brought a message that it should have refused itself.
    mutating func addInvalidMessage(_ topic: String) { topics[topic, default: Topic()].invalidMessages += 1 }

    /// The peer broke the rules of the mesh.
    mutating func addOffences(_ count: Int) { offences += Double(count) }

    /// Lets the counters fade by one heartbeat.
    mutating func decay(_ configuration: ScoreConfiguration) {
        func faded(_ value: Double, _ factor: Double) -> Double {
            let rest = value * factor
            return rest < configuration.decayToZero ? 0 : rest
        }
        offences = faded(offences, configuration.behaviourDecay)
        var isAnyEmpty = false
        topics.updateValues { topic in
            topic.firstDeliveries = faded(topic.firstDeliveries, configuration.firstDeliveryDecay)
            topic.invalidMessages = faded(topic.invalidMessages, configuration.invalidMessageDecay)
            if topic.isEmpty { isAnyEmpty = true }
        }
        if isAnyEmpty { topics = topics.filter { !$0.value.isEmpty } }
    }

    /// The score.
    ///
    /// - Parameter neighbours: peers on the same IP address, itself included.
    func value(_ configuration: ScoreConfiguration, neighbours: Int, at now: NIODeadline) -> Double {
        var value = 0.0
        for topic in topics.values {
            if let since = topic.meshSince {
                let seconds = Double((now - since).nanoseconds) / 1e9
                value += configuration.timeInMeshWeight * min(seconds, configuration.timeInMeshCap)
            }
            value += configuration.firstDeliveryWeight * topic.firstDeliveries
            value += configuration.invalidMessageWeight * topic.invalidMessages * topic.invalidMessages
        }
        let crowd = Double(max(0, neighbours - configuration.colocationThreshold))
        value += configuration.colocationWeight * crowd * crowd
        let excess = max(0, offences - configuration.behaviourThreshold)
        return value + configuration.behaviourWeight * excess * excess
    }
}
