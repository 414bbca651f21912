import Foundation
import Measuring

/// Where a star is, as the sockets interface wants it. Only IPv4 addresses: nothing is to be looked up.
struct StarEndpoint {
    let address: sockaddr_in

    /// - Parameter url: as in `http://127.0.0.1:8080`.
    init(_ url: String) throws {
        guard let components = URLComponents(string: url), let host = components.host, let port = components.port,
            let port = UInt16(exactly: port)
        else { throw BenchmarkError("\(url) is not http://HOST:PORT.") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw BenchmarkError("\(host) is not an IPv4 address.")
        }
        self.address = address
    }
}
