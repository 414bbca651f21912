import NIOCore

@testable import StarSignalling

extension FuzzTarget {
    static let signalling = [
        FuzzTarget("json") { input in
            let text = ByteBuffer(bytes: input)
            guard let elements = try? JSONText.elements(of: text) else { return false }
            try require(elements.texts.reduce(0) { $0 + $1.readableBytes } < input.count, "elements lie in the array")
            try require(elements.depth <= input.count, "each level has a character")
            for element in elements.texts {
                let again = try JSONText.elements(of: ByteBuffer(string: "[\(String(buffer: element))]"))
                try requireEqual(again.texts, [element], "an element stands for itself")
                if let string = JSONString.decode(element) {
                    let encoded = ByteBuffer(string: JSONString.encode(string))
                    try requireEqual(JSONString.decode(encoded), string, "a string through its JSON")
                }
            }
            return true
        },
        FuzzTarget("engine-payload") { input in
            let forms: [PayloadReader.Form] = [.counted, .separated, .binary]
            return try forms.count { form in
                var reader = PayloadReader(ByteBuffer(bytes: input), form)
                var length = 0
                do throws(StarSignallingError) {
                    while let packet = try reader.next() { length += packet.payload.readableBytes + 1 }
                } catch {
                    return false
                }
                try require(length <= input.count, "no bytes come out of nothing")
                return true
            } > 0
        },
        FuzzTarget("socket-packet") { input in
            let text = ByteBuffer(bytes: input)
            guard let packet = try? SocketPacket(text, maxAttachments: 10) else { return false }
            try require(packet.attachmentCount <= 10, "binary parts are bounded")
            try require(packet.namespace.hasPrefix("/"), "a namespace begins with a slash")
            return true
        },
    ]
}
