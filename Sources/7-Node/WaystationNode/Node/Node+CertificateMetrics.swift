import Certificates
import LibP2PCore
import Multiformats
import Telemetry

extension Node {
    func addCertificates(to metrics: inout MetricsObservations) {
        guard let certificates = frontDoor.certificates else { return }
        // Where two are for one name, as with keys of two kinds, the first is shown: that which expires first.
        for credentials in certificates.store.credentials.sorted(by: { $0.notAfter < $1.notAfter }) {
            metrics.gauge(
                "waystation_certificate_expiry_seconds",
                Double((credentials.notAfter.seconds - WallClock.system.now.seconds)),
                labels: [("name", credentials.names.first ?? credentials.ips.first?.description ?? "")],
                help: "Seconds until a certificate that is served expires; below zero when it has.")
        }
        if let reloader = certificates.reloader {
            for reason in [.unreadable, .malformed, .mismatch, .expired, .wrongHost] as [CertificateError.Code] {
                metrics.counter(
                    "waystation_certificate_failed_reloads_total", Double(reloader.failures[reason] ?? 0),
                    labels: [("reason", reason.rawValue)],
                    help: "Times that certificates were replaced by what cannot be used, by reason.")
            }
        }
        for keeper in certificates.keepers {
            let counts = keeper.counts
            for (outcome, count) in [("obtained", counts.obtained), ("failed", counts.failed)] {
                metrics.counter(
                    "waystation_certificate_orders_total", Double(count),
                    labels: [("name", keeper.names.first ?? ""), ("outcome", outcome)],
                    help: "Certificates that a certificate authority was asked for, by name and outcome.")
            }
        }
    }
}
