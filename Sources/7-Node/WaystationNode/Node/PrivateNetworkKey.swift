import LibP2PSecurity

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The key file of `--psk`.
enum PrivateNetworkKey {
    /// A key file is two lines and 32 bytes in hex; anything much longer is not one.
    private static let maxLength = 4096

    /// Whether the environment forbids to run outside of a private network, as it does for other libp2p programs.
    static var isForced: Bool { getenv("LIBP2P_FORCE_PNET").map { String(cString: $0) == "1" } ?? false }

    static func read(_ path: String) throws(NodeError) -> PreSharedKey {
        guard let file = fopen(path, "r") else {
            throw NodeError(
                .configuration, "Cannot read the private network's key \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maxLength)
        bytes.removeLast(maxLength - fread(&bytes, 1, maxLength, file))
        do {
            return try PreSharedKey(file: bytes)
        } catch {
            throw NodeError(.configuration, "\(path) holds no private network's key", cause: error)
        }
    }
}
