import NIOCore

/// One packet of socket.io's protocol 4 or 5, as a message of Engine.IO carries it:
/// `<kind>[<binary parts>-][/<namespace>,][<acknowledgement id>][<JSON>]`.
struct SocketPacket {
    /// What a packet is for. The raw value is its digit.
    enum Kind: UInt8 {
        case connect = 0x30, disconnect, event, acknowledgement, connectError, binaryEvent, binaryAcknowledgement
    }

    let kind: Kind
    /// The namespace: `/` when none is named.
    let namespace: String
    /// How many binary parts follow in messages of their own.
    let attachmentCount: Int
    let id: UInt64?
    /// The JSON text, not checked yet; nil when there is none.
    let data: ByteBuffer?

    /// Namespaces are names, not data.
    private static let maxNamespaceLength = 256

    /// Reads a packet's text.
    ///
    /// - Throws: `StarSignallingError` with `.malformed`.
    init(_ text: ByteBuffer, maxAttachments: Int) throws(StarSignallingError) {
        var text = text
        guard let kind = text.readInteger(as: UInt8.self).flatMap(Kind.init(rawValue:)) else {
            throw Self.fault("its kind is unknown")
        }
        self.kind = kind
        switch kind {
        case .binaryEvent, .binaryAcknowledgement:
            guard let count = try Self.readNumber(&text), text.readInteger(as: UInt8.self) == UInt8(ascii: "-") else {
                throw Self.fault("it does not say how many binary parts it has")
            }
            guard count <= UInt64(maxAttachments) else {
                throw Self.fault("it has \(count) binary parts, more than \(maxAttachments)")
            }
            attachmentCount = Int(count)
        case .connect, .disconnect, .event, .acknowledgement, .connectError:
            attachmentCount = 0
        }
        namespace = try Self.readNamespace(&text)
        id = try Self.readNumber(&text)
        data = text.readableBytes > 0 ? text : nil
    }

    private static func readNamespace(_ text: inout ByteBuffer) throws(StarSignallingError) -> String {
        guard text.getInteger(at: text.readerIndex, as: UInt8.self) == UInt8(ascii: "/") else { return "/" }
        let view = text.readableBytesView
        let length = (view.firstIndex(of: UInt8(ascii: ",")) ?? view.endIndex) - view.startIndex
        guard length <= maxNamespaceLength, let name = text.readSlice(length: length),
            let namespace = String(validating: name.readableBytesView, as: UTF8.self)
        else { throw fault("its namespace is too long, or not UTF-8") }
        text.moveReaderIndex(forwardBy: min(1, text.readableBytes))
        return namespace
    }

    /// Reads decimal digits; nil when there is none.
    private static func readNumber(_ text: inout ByteBuffer) throws(StarSignallingError) -> UInt64? {
        var number: UInt64?
        while let byte = text.getInteger(at: text.readerIndex, as: UInt8.self),
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        {
            let (tens, isTooLong) = (number ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, isTooLarge) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !isTooLong, !isTooLarge else { throw fault("it holds a number of more than 64 bits") }
            number = sum
            text.moveReaderIndex(forwardBy: 1)
        }
        return number
    }

    private static func fault(_ what: String) -> StarSignallingError {
        StarSignallingError(.malformed, "This is no socket.io packet: \(what).")
    }
}
