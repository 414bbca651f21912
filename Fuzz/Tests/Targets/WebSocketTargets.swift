import LibP2PCore
import NIOCore
import NIOWebSocket

@testable import LibP2PTransports

extension FuzzTarget {
    static let webSockets = [
        FuzzTarget("web-socket", cost: 4) { input in
            var isRead = false
            for role in [HandshakeRole.dialer, .listener] {
                let received = try requireSameInPieces(input) { pieces in
                    let conversation = try Conversation(
                        pieces, with: WebSocketFrameEncoder(),
                        ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: WebSocketTransport.maxFrameSize)),
                        WebSocketByteHandler(role: role))
                    try require(conversation.received.count <= input.count, "no bytes come out of nothing")
                    // Each ping of two bytes gets an answer, and the end a frame that closes.
                    try require(conversation.sent.count <= 4 * input.count + 16, "answers are bounded")
                    return conversation.received
                }
                isRead = isRead || !received.isEmpty
            }
            return isRead
        }
    ]
}
