import Foundation
public import LibP2PCore
public import LibP2PKademlia
import Multiformats

/// How long answers may be kept by clients and proxies.
public enum CachePolicy {
    /// Seconds that found records are fresh, as in boxo.
    static let foundSeconds: Int64 = 300
    /// Seconds that "nothing found" is fresh.
    static let emptySeconds: Int64 = 15
    /// Seconds for which an answer is better than none: as long as provider records live.
    static let staleSeconds: Int64 = 172_800
    /// Seconds that an IPNS record is fresh which does not say it itself, as the specification has it.
    static let recordSeconds: Int64 = 60

    /// `Cache-Control` of an answer with records, or without any.
    public static func records(isEmpty: Bool) -> String {
        isEmpty ? emptyRecords : foundRecords
    }

    private static let foundRecords = control(fresh: foundSeconds, stale: staleSeconds)
    private static let emptyRecords = control(fresh: emptySeconds, stale: staleSeconds)

    /// `Cache-Control` of an IPNS record: fresh for as long as it says, usable until it runs out.
    public static func record(_ record: IPNSRecord, now: Timestamp) -> String {
        let remaining = (record.validity - now).components.seconds
        guard record.validity > now, remaining > 0 else { return "no-store" }
        let own = Int64(clamping: record.ttl / 1_000_000_000)
        let fresh = min(own > 0 ? own : recordSeconds, remaining)
        return control(fresh: fresh, stale: remaining - fresh)
    }

    /// A tag that is equal for equal records only.
    public static func tag(of record: IPNSRecord) -> String {
        let digest = Multihash.sha256(of: record.bytes).digest.prefix(8)
        return "\"" + digest.map { String(format: "%02x", $0) }.joined() + "\""
    }

    private static func control(fresh: Int64, stale: Int64) -> String {
        "public, max-age=\(fresh), stale-while-revalidate=\(stale), stale-if-error=\(stale)"
    }
}
