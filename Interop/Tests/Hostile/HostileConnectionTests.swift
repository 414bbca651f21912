import Dispatch
import Testing

/// Who gets no further than the handshake, or does not want to: a running node ends such connections in time, keeps its
/// memory, and answers everybody else all the while.
@Suite(.timeLimit(.minutes(5)))
struct HostileConnectionTests {
    /// The whole upgrade of an inbound connection has 15 s; the rest is for a busy machine.
    static let upgradeLimit = Duration.seconds(25)

    @Test func junkInsteadOfAHandshake() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            var connections: [Socket] = []
            for seed in 0..<64 {
                let socket = try await Socket.connect(port: try node.port(webSocket: seed % 4 == 3))
                connections.append(socket)
                try await socket.write(Junk(seed: seed).bytes(1 + seed * 97))
            }
            try await watch.expectHealthy()
            for socket in connections {
                try await socket.waitForEnd(within: Self.upgradeLimit)
            }
            try await watch.expectHealthy()
        }
    }

    @Test func silentConnectionsAreEndedAndShutNobodyOut() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            var connections: [Socket] = []
            for _ in 0..<600 {
                connections.append(try await Socket.connect(port: try node.port()))
            }
            // Newcomers get through while all of these stand half-open.
            try await watch.expectHealthy()
            for socket in connections {
                try await socket.waitForEnd(within: Self.upgradeLimit)
            }
            try await watch.expectHealthy()
        }
    }

    /// One byte at a time, each in good time: what counts is the whole.
    @Test(arguments: [false, true])
    func dribbledHandshakes(frontDoor: Bool) async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let opening =
                frontDoor
                ? Array("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".utf8) + [UInt8](repeating: 0x61, count: 1000)
                : (0..<40).flatMap { Multistream.message("/interop/none/\($0)") }
            var connections: [Socket] = []
            for _ in 0..<20 {
                connections.append(try await Socket.connect(port: try node.port(webSocket: frontDoor)))
            }
            let started = ContinuousClock().now
            for byte in opening {
                for socket in connections { try? await socket.write([byte]) }
                if connections[0].hasEnded { break }
                #expect(ContinuousClock().now - started < Self.upgradeLimit)
                await pause(.milliseconds(100))
            }
            for socket in connections {
                try await socket.waitForEnd(within: Self.upgradeLimit)
            }
            try await watch.expectHealthy()
        }
    }

    @Test func messagesThatAreTooLong() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let tooLong: [[UInt8]] = [
                // multistream-select: 1 MiB announced, nothing after it; a length that never ends; a length of zero.
                Multistream.header + DaemonField.varint(1 << 20),
                [UInt8](repeating: 0xff, count: 64),
                Multistream.header + [0x00],
                Multistream.header + DaemonField.varint(2000) + [UInt8](repeating: 0x61, count: 2000),
                // Noise: a first message as long as the prefix allows, of nothing.
                Multistream.header + Multistream.message("/noise") + [0xff, 0xff] + [UInt8](repeating: 0, count: 65535),
                Multistream.header + Multistream.message("/noise") + [0x00, 0x00],
                // TLS: a record that is none.
                Multistream.header + Multistream.message("/tls/1.0.0") + [UInt8](repeating: 0x16, count: 20000),
            ]
            for bytes in tooLong {
                let socket = try await Socket.connect(port: try node.port())
                try? await socket.write(bytes)
                try await socket.waitForEnd(within: Self.upgradeLimit)
            }
            try await watch.expectHealthy()
        }
    }

    @Test func endlessProposals() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let socket = try await Socket.connect(port: try node.port())
            try await socket.write(Multistream.header)
            for number in 0..<2000 where !socket.hasEnded {
                try? await socket.write(Multistream.message("/interop/none/\(number)"))
            }
            try await socket.waitForEnd(within: Self.upgradeLimit)
            try await watch.expectHealthy()
        }
    }

    @Test func theFrontDoorRefusesWhatItCannotHold() async throws {
        try await Lab.open { lab in
            let node = try await lab.node()
            let watch = try HealthWatch(node, lab)
            let upgrade =
                "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            let mask: [UInt8] = [0, 0, 0, 0]
            let requests: [[UInt8]] = [
                Array("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ".utf8) + [UInt8](repeating: 0x61, count: 200_000),
                Array("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n".utf8),
                // A WebSocket frame of 2^62 bytes; a text frame.
                Array(upgrade.utf8) + [0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0] + mask,
                Array(upgrade.utf8) + [0x81, 0x80 | 5] + mask + Array("hello".utf8),
            ]
            for request in requests {
                let socket = try await Socket.connect(port: try node.port(webSocket: true))
                try? await socket.write(request)
                try await socket.waitForEnd(within: .seconds(40))
            }
            try await watch.expectHealthy()
        }
    }
}
