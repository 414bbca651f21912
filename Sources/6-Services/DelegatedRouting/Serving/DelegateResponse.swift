public import HTTPTypes
public import NIOCore

/// An answer of the delegate, free of any web framework.
public struct DelegateResponse: Sendable {
    /// What is sent behind the headers.
    public enum Body: Sendable {
        /// All of it.
        case bytes(ByteBuffer)
        /// Parts, each to be sent as soon as it is there.
        case stream(DelegateStream)
    }

    /// The status.
    public var status: HTTPResponse.Status
    /// The headers.
    public var headers: HTTPFields
    /// What follows.
    public var body: Body

    /// Makes an answer.
    public init(_ status: HTTPResponse.Status, headers: HTTPFields = [:], body: Body = .bytes(ByteBuffer())) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    init(_ status: HTTPResponse.Status, type: String, _ bytes: [UInt8]) {
        self.init(status, headers: [.contentType: type], body: .bytes(ByteBuffer(bytes: bytes)))
    }

    init(_ status: HTTPResponse.Status, text: String) {
        self.init(status, type: "text/plain; charset=utf-8", Array(text.utf8) + [UInt8(ascii: "\n")])
    }
}

/// The body of an answer, part by part. Whoever reads it asks for the next part when the one before is sent, and
/// ``cancel()``s it when the client is gone.
public struct DelegateStream: Sendable {
    /// What comes next.
    public enum Part: Sendable {
        /// Bytes to be sent at once.
        case bytes(ByteBuffer)
        /// There is no more; the trailers end the answer.
        case end(HTTPFields?)
    }

    private let produce: @Sendable () async -> Part
    private let stop: @Sendable () -> Void

    init(_ produce: @escaping @Sendable () async -> Part, onCancel stop: @escaping @Sendable () -> Void) {
        self.produce = produce
        self.stop = stop
    }

    /// Waits for the next part.
    public func next() async -> Part { await produce() }

    /// Ends whatever makes the parts.
    public func cancel() { stop() }
}
