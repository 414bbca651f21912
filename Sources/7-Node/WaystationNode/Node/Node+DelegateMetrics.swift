import DelegatedRouting
import LibP2PBitswap
import NodeStorage
import Telemetry

extension Node {
    /// Shows the delegate in the metrics: its memory of answers, its cache of blocks, and bitswap.
    func addDelegate(to metrics: inout MetricsObservations) {
        guard let delegate else { return }
        let (memory, blocks, bitswap) = (
            delegate.memory, delegate.blocks.size, delegate.bitswap.statisticsNow
        )
        let gauges: [(String, Int, String)] = [
            ("searches", memory.underWay, "Searches under way for the delegate's clients."),
            ("answers", memory.answers, "Answers that are remembered."),
            ("blocks", blocks.blocks, "Blocks that are kept for clients."),
            ("block_bytes", blocks.bytes, "Bytes of all these blocks."),
            ("fetches", bitswap.fetches, "Blocks that are being fetched."),
            ("partners", bitswap.partners, "Peers with which blocks are exchanged."),
        ]
        for (name, value, help) in gauges { metrics.gauge("waystation_delegate_\(name)", Double(value), help: help) }
        let answers: [(String, UInt64)] = [
            ("memory", memory.hits), ("shared", memory.joins), ("search", memory.searches),
            ("refused", memory.refusals),
        ]
        for (way, count) in answers {
            metrics.counter(
                "waystation_delegate_questions_total", Double(count), labels: [("way", way)],
                help: "Questions for peers and providers, by how they were answered.")
        }
        metrics.counter(
            "waystation_delegate_rate_refusals_total", Double(delegate.rateRefusals),
            help: "Requests that were refused since their client asks too often.")
        for upstream in delegate.upstreams?.all ?? [] { add(upstream, to: &metrics) }
    }

    private func add(_ upstream: Upstream, to metrics: inout MetricsObservations) {
        let (statistics, label) = (upstream.statistics, ("upstream", upstream.url.description))
        let counters: [(String, UInt64, String)] = [
            ("requests", statistics.requests, "Requests that were sent to another delegate."),
            ("failures", statistics.failures, "Requests to another delegate that failed."),
            (
                "passed_over", statistics.passedOver,
                "Requests that were not sent: the other delegate failed or has enough."
            ),
        ]
        for (name, count, help) in counters {
            metrics.counter(
                "waystation_delegate_upstream_\(name)_total", Double(count), labels: [label], help: help)
        }
        metrics.gauge(
            "waystation_delegate_upstream_open", statistics.isOpen ? 1 : 0, labels: [label],
            help: "Whether another delegate is left alone since it failed.")
        metrics.gauge(
            "waystation_delegate_upstream_under_way", Double(statistics.underWay), labels: [label],
            help: "Requests to another delegate that are under way.")
    }
}
