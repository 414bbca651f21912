import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Keeps an HTTP/1 connection to its times, serves its requests one at a time, and decides whether it lives on.
///
/// Requests that are sent before the answer to an earlier one (pipelining) wait here; from the first one on nothing is read
/// from the socket, so that what waits is no more than one read. NIO's own pipelining handler is not used: it stops the process
/// when a response is written that no request asked for, such as 408.
final class HTTP1LifecycleHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What the connection waits for.
    private enum Phase {
        /// The rest of a request's headers.
        case header
        /// The rest of its body.
        case body
        /// Our own answer.
        case response
        /// The next request.
        case idle
    }

    private let limits: HTTPLimits
    private let onRefusal: (_ status: Int, _ error: (any Error)?) -> Void
    private var phase = Phase.header
    /// Until when the client may take its time; nil while it has nothing to do.
    private var deadline: NIODeadline?
    /// Looks whether the deadline has come.
    private var watch: Scheduled<Void>?
    private let shortestTimeout: TimeAmount
    private var held = CircularBuffer<HTTPServerRequestPart>()
    private var wantsRead = false
    private var keepsAlive = true
    private var isInputClosed = false
    private var isDraining = false

    /// - Parameter onRefusal: is told of answers that nobody else sees: to what is no request, or never became one.
    init(limits: HTTPLimits, onRefusal: @escaping (_ status: Int, _ error: (any Error)?) -> Void) {
        self.limits = limits
        self.onRefusal = onRefusal
        shortestTimeout = TimeAmount(
            min(limits.headerTimeout, limits.bodyTimeout, limits.idleTimeout, limits.stallTimeout))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        enter(.header, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        watch?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        watch?.cancel()
        held.removeAll()
        context.fireChannelInactive()
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .response = phase {
            held.append(part)
        } else {
            pass(part, context)
        }
    }

    private func pass(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            // After a request that wants an upgrade the decoder reads no more HTTP: if the upgrade is not taken, the
            // connection ends with the answer.
            keepsAlive = head.isKeepAlive && !head.headers.contains(name: "upgrade")
            enter(.body, context)
        case .body:
            break
        case .end:
            enter(.response, context)
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // The decoder passes heads on when they are complete: bytes came, no head did, so one has begun.
        if case .idle = phase { enter(.header, context) }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        // A client that waits for its answer sends nothing: to hold back the read would cost two system calls for each
        // request, and hold nothing back.
        if held.isEmpty {
            context.read()
        } else {
            wantsRead = true
        }
    }

    // MARK: Responses

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            guard !head.status.isInformational else { break }
            // An answer that comes before the request's end: what is left of the request will not be read.
            if case .body = phase { keepsAlive = false }
            if isDraining { keepsAlive = false }
            if !keepsAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        case .body:
            break
        case .end:
            let flushed = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            flushed.futureResult.hop(to: context.eventLoop).whenComplete { _ in
                let (handler, context) = bound.value
                handler.finishResponse(context)
            }
            context.write(data, promise: flushed)
            return
        }
        context.write(data, promise: promise)
    }

    private func finishResponse(_ context: ChannelHandlerContext) {
        guard keepsAlive, context.channel.isActive else { return close(context) }
        enter(.idle, context)
        while let part = held.popFirst() {
            pass(part, context)
            if case .response = phase { return }
        }
        if isInputClosed { return close(context) }
        if wantsRead {
            wantsRead = false
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .response = phase {
            arm(context.channel.isWritable ? nil : limits.stallTimeout, context)
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Ends

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isDraining = true
            switch phase {
            case .idle, .header: close(context)
            case .body, .response: break
            }
        case let event as ChannelEvent where event == .inputClosed:
            // The client has said all; what it asked is still answered.
            isInputClosed = true
            if case .response = phase {} else { close(context) }
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error, phase) {
        case (is HTTPParserError, .response):
            // What follows the request under way is not HTTP: that request is still answered.
            keepsAlive = false
        case (HTTPParserError.headerOverflow, .header), (HTTPParserError.headerOverflow, .idle):
            refuse(.requestHeaderFieldsTooLarge, context, because: error)
        case (is HTTPParserError, _), (is HTTP1TypeConversionError, _):
            refuse(.badRequest, context, because: error)
        default:
            close(context)
        }
    }

    private func timeOut(_ context: ChannelHandlerContext) {
        switch phase {
        case .header, .body: refuse(.requestTimeout, context)
        case .response, .idle: close(context)
        }
    }

    /// Says why in a status without a body, then closes.
    private func refuse(
        _ status: HTTPResponseStatus, _ context: ChannelHandlerContext, because error: (any Error)? = nil
    ) {
        onRefusal(Int(status.code), error)
        let headers: HTTPHeaders = ["connection": "close", "content-length": "0"]
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        close(context)
    }

    private func close(_ context: ChannelHandlerContext) {
        watch?.cancel()
        context.close(promise: nil)
    }

    private func enter(_ next: Phase, _ context: ChannelHandlerContext) {
        phase = next
        switch next {
        case .header: arm(limits.headerTimeout, context)
        case .body: arm(limits.bodyTimeout, context)
        case .response: arm(nil, context)
        case .idle: isDraining ? close(context) : arm(limits.idleTimeout, context)
        }
    }

    private func arm(_ time: Duration?, _ context: ChannelHandlerContext) {
        deadline = time.map { context.eventLoop.now + TimeAmount($0) }
        if deadline != nil, watch == nil { look(context) }
    }

    /// Looks again when the deadline comes, but no later than a new one could, so that a new deadline needs no new timer:
    /// a loop looks through all its timers to take one back, and a connection has some deadlines for each request.
    private func look(_ context: ChannelHandlerContext) {
        watch = nil
        let now = context.eventLoop.now
        guard let deadline else { return }
        guard now < deadline else { return timeOut(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        watch = context.eventLoop.scheduleTask(deadline: min(deadline, now + shortestTimeout)) {
            let (handler, context) = bound.value
            handler.look(context)
        }
    }
}

extension HTTPResponseStatus {
    /// Whether more of the response follows, as after `100 Continue`.
    fileprivate var isInformational: Bool { (100..<200).contains(code) && code != 101 }
}
