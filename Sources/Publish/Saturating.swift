// Arithmetic on what files and settings give: it stops at the type's limits instead of trapping.

extension Int64 {
    /// The sum, or the limit that it would run over.
    func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the limit that it would run over.
    func saturatingSubtract(_ other: Int64) -> Int64 {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (other < 0 ? .max : .min) : difference
    }
}

extension Duration {
    /// Whole microseconds, 292,000 years at most.
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return isOver ? (seconds < 0 ? .min : .max) : whole.saturatingAdd(attoseconds / 1_000_000_000_000)
    }
}
