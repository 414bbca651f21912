import LibP2PCore

/// Reads what peers send.
struct BitswapHandler: StreamHandler {
    let protocols = BitswapVersion.preferred.map(\.id)
    /// js opens a stream for each message and may have 128 of them; go has one.
    let limits = StreamLimits(perConnection: 128, total: 16_384, idle: .seconds(60))

    let service: Bitswap

    func handle(_ stream: Stream) async throws {
        let connection = stream.connection
        let version = BitswapVersion(stream.protocolID) ?? .v100
        while let message = try await stream.message(BitswapMessage.self, max: BitswapMessage.maxLength) {
            await service.receive(message, on: connection, version)
        }
    }
}
