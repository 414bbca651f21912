/// Divides the files that a process may have open among those who want them.
enum OpenFileShares {
    /// Gives each what it wishes, as long as there is enough; otherwise those who wish least get it, and the others the
    /// same each.
    ///
    /// - Returns: the shares in the order of the wishes, at least 1 each.
    static func divide(_ available: Int, wishes: [Int]) -> [Int] {
        var shares = wishes
        var rest = available
        for (place, index) in wishes.indices.sorted(by: { wishes[$0] < wishes[$1] }).enumerated() {
            shares[index] = max(1, min(wishes[index], rest / (wishes.count - place)))
            rest -= shares[index]
        }
        return shares
    }
}
