extension Dictionary {
    /// Changes all values where they are. A loop over `indices` or `keys` would hold the storage and so copy it.
    mutating func updateValues(_ change: (inout Value) -> Void) {
        var index = startIndex
        while index != endIndex {
            change(&values[index])
            formIndex(after: &index)
        }
    }
}
