import ArgumentParser

/// Throws where `--alerts-per-day` is no budget.
func checkAlerts(perDay budget: Double) throws {
    guard budget > 0, budget.isFinite else {
        throw ValidationError("--alerts-per-day \(budget): it must be a number over 0, such as 0.5")
    }
}
