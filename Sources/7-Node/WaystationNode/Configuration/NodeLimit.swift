/// How many of something there may be.
public struct NodeLimit: Hashable, Sendable {
    /// The most that is allowed; `nil` for unlimited, which is written 0.
    public var value: Int?

    /// Whether somebody set it: private addresses are spared default limits per IP, never explicit ones.
    public var isExplicit: Bool

    /// A limit of `value`, where 0 means unlimited.
    public init(_ value: Int, isExplicit: Bool = true) {
        self.value = value == 0 ? nil : value
        self.isExplicit = isExplicit
    }

    /// The limit as it is when nobody set it.
    init(default setting: Setting<Int>) {
        self.init(setting.defaultValue, isExplicit: false)
    }

    /// The limit for a part of the node to which 0 means unlimited.
    var orZero: Int { value ?? 0 }

    /// The limit for a part of the node that knows no unlimited.
    var orMax: Int { value ?? .max }
}
