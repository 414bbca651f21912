import DelegatedRouting
import LibP2PBitswap
import NodeStorage
import Telemetry

extension Node {
    /// Shows the delegate in the metrics: its memory of answers, its cache of blocks, and bitswap.
    func addDelegate(to metrics: inout MetricsObservations) {
        guard let delegate else { return }
        let (memory, blocks, bitswap) = (
            delegate.router.statistics, delegate.blocks.size, delegate.bitswap.statisticsNow
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
    }
}
