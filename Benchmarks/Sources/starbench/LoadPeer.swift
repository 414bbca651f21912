import Foundation

/// One peer of the load: a socket, and how far it has come.
final class LoadPeer {
    enum Stage {
        case connecting, upgrading, opening, connected
    }

    let socket: Int32
    /// What it joins as: of the length that such addresses have.
    let address: String
    var stage = Stage.connecting
    var hasJoined = false
    /// The beginning of a frame whose end has not come yet.
    var partial: [UInt8] = []
    /// When its offer left, in microseconds.
    var offeredAt = 0.0
    /// Its offer to its partner, or its answer: whole frames.
    var handshake: [UInt8] = []

    init(socket: Int32, number: Int) {
        self.socket = socket
        let digits = String(number)
        address = Self.addressHead + String(repeating: "0", count: Self.digits - digits.count) + digits
    }

    private static let addressHead = "/dns4/star.example.org/tcp/443/wss/p2p-webrtc-star/p2p/12D3KooW"
    private static let digits = 44

    /// The number in an address that ends the text `…"]`.
    static func number(endOf text: UnsafeRawBufferPointer) -> Int {
        text.dropLast(2).suffix(9).reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    /// Sends whole frames; a server that is so far behind that they do not fit has failed.
    func send(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            == bytes.count
    }

    /// A text frame whose mask changes nothing.
    static func frame(_ text: String) -> [UInt8] {
        let payload = Array(text.utf8)
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        return [0x81] + length + [0, 0, 0, 0] + payload
    }
}
