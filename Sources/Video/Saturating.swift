// Arithmetic on what files, settings and people give: it stops at the type's limits instead of trapping.

extension Int64 {
    /// The sum, or the limit that it would run over.
    package func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the limit that it would run over.
    package func saturatingSubtract(_ other: Int64) -> Int64 {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (other < 0 ? .max : .min) : difference
    }

    /// `value` rounded towards zero, or the limit that it lies beyond; 0 for what is no number.
    package init(saturating value: Double) {
        guard !value.isNaN else {
            self = 0
            return
        }
        // 2^63 itself is no Int64, and the next Double below it is.
        self = value >= 0x1p63 ? .max : value <= -0x1p63 ? .min : Int64(value)
    }
}

extension Int {
    /// `value` rounded towards zero, or the limit that it lies beyond; 0 for what is no number.
    package init(saturating value: Double) { self = Int(Int64(saturating: value)) }
}

extension Duration {
    /// Whole microseconds, 292,000 years at most.
    package var microseconds: Int64 { inUnits(perSecond: 1_000_000) }

    /// Whole units of which a second has `count`, or the limit.
    func inUnits(perSecond count: Int64) -> Int64 {
        let (seconds, attoseconds) = components
        let (whole, isOver) = seconds.multipliedReportingOverflow(by: count)
        return isOver
            ? (seconds < 0 ? .min : .max) : whole.saturatingAdd(attoseconds / (1_000_000_000_000_000_000 / count))
    }
}
