import Foundation
import Measuring

/// Debian's nginx with a configuration of its own: one process, on loopback, which answers two bytes.
enum Nginx {
    static func start(_ certificate: (chain: String, key: String), folder: String) throws -> (
        MeasuredProcess, port: Int
    ) {
        let port = try freePort()
        let file = "\(folder)/nginx-\(port).conf"
        let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder);" }
        try """
        daemon off;
        master_process off;
        pid \(folder)/nginx-\(port).pid;
        error_log /dev/stdout notice;
        events { worker_connections 4096; }
        http {
            access_log off;
            \(places.joined(separator: " "))
            server {
                listen 127.0.0.1:\(port) ssl http2;
                ssl_certificate \(certificate.chain);
                ssl_certificate_key \(certificate.key);
                ssl_protocols TLSv1.2 TLSv1.3;
                location / { return 200 "ok"; }
            }
        }
        """.write(toFile: file, atomically: true, encoding: .utf8)
        // It says how it will wait for events when it listens already.
        return try MeasuredProcess.start(
            "nginx", "/usr/sbin/nginx", ["-c", file, "-p", folder],
            parse: { $0.contains("event method") ? port : nil })
    }
}
