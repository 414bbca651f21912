import NIOSSL

/// A certificate of the test's own, for `test.example`, and its key: worth nothing anywhere else.
enum TestCertificate {
    /// What servers shake hands with.
    static func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
        configuration.applicationProtocols = ["h2", "http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }

    private static let chain = """
        -----BEGIN CERTIFICATE-----
        MIIBkzCCATigAwIBAgIUT4CVUfUXGmb2HQ579eIjFBFdHS4wCgYIKoZIzj0EAwIw
        ETEPMA0GA1UEAwwGYSB0ZXN0MCAXDTI2MTEyNDA5MDQwMVoYDzIxMjYxMDMxMDkw
        NDAxWjARMQ8wDQYDVQQDDAZhIHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
        AAR/BJOGrlLrrERBLLBo4M+E4XzYdz0xMn6KpFDRbuqqg4n0UrF/jye/zNdQkeXu
        5dZAvocsiowiiIQpS9gI7gt7o2wwajAdBgNVHQ4EFgQUzreCygkis30X0i9GJM/U
        WzYK8oQwHwYDVR0jBBgwFoAUzreCygkis30X0i9GJM/UWzYK8oQwDwYDVR0TAQH/
        BAUwAwEB/zAXBgNVHREEEDAOggx0ZXN0LmV4YW1wbGUwCgYIKoZIzj0EAwIDSQAw
        RgIhAMaig1TeoRDxtFtvs7TSUaNCIYM4qhGbc9G29yuzSQGEAiEAy2ycadlfcYI3
        P1f60EVlSM19HKs6iaIaI2kwkbqrOu0=
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+8c7IrLfvfXBgIOH
        MskIoqg6lbpMreGw/9aoD786B7ihRANCAAR/BJOGrlLrrERBLLBo4M+E4XzYdz0x
        Mn6KpFDRbuqqg4n0UrF/jye/zNdQkeXu5dZAvocsiowiiIQpS9gI7gt7
        -----END PRIVATE KEY-----
        """
}
