import Anomaly

/// A clip's frames by their scores: the model's and the baseline's.
struct ScoredClip {
    let name: String
    let scores: [Double]
    let differences: [Double]
    let labels: [Bool]  // as many: whether the frame is anomalous
    let rate: Double  // frames a second

    /// Everything that can be said of one series of scores, `series`, over all `clips`.
    static func results(_ clips: [ScoredClip], _ series: KeyPath<ScoredClip, [Double]>) -> EvaluationReport.Results {
        let labels = clips.flatMap(\.labels)
        guard let raw = OperatingCurve(scores: clips.flatMap { $0[keyPath: series] }, labels: labels),
            let perClip = OperatingCurve(
                scores: clips.flatMap { ClipNormalisation.unit($0[keyPath: series]) }, labels: labels)
        else { return EvaluationReport.Results() }
        return EvaluationReport.Results(
            auc: EvaluationReport.Areas(raw: 100 * raw.area, perClip: 100 * perClip.area),
            averagePrecision: 100 * raw.averagePrecision, equalErrorRate: 100 * raw.equalErrorRate)
    }
}

/// A detector's alarm line and what it goes by.
struct EventJudge {
    let threshold: Double
    let settings: DetectorSettings

    /// What it raises on `series` of each of `clips`.
    func matches(_ clips: [ScoredClip], _ series: KeyPath<ScoredClip, [Double]>) -> [EventMatch] {
        clips.map {
            EventMatch(
                scores: $0[keyPath: series], labels: $0.labels, threshold: threshold, rate: $0.rate, settings: settings)
        }
    }

    /// The sum over `clips`, of which `matches` are the events.
    func events(_ clips: [ScoredClip], _ matches: [EventMatch]) -> EvaluationReport.Events {
        let normalSeconds = clips.reduce(0) { $0 + Double($1.labels.count { !$0 }) / $1.rate }
        let (stretches, found) = (
            matches.reduce(0) { $0 + $1.stretches.count }, matches.reduce(0) { $0 + $1.found }
        )
        let falseAlarms = matches.reduce(0) { $0 + $1.falseAlarms }
        return EvaluationReport.Events(
            threshold: threshold, stretches: stretches, found: found,
            recall: stretches == 0 ? nil : 100 * Double(found) / Double(stretches), falseAlarms: falseAlarms,
            falseAlarmsPerHour: normalSeconds > 0 ? Double(falseAlarms) * 3600 / normalSeconds : nil)
    }

    /// The lowest line at which `series` raises no more than `falseAlarms`; nil where all its scores are 0. It is looked
    /// for from the top, at 400 scores evenly over their order: far down everything becomes one long event, which
    /// would pass for peace.
    static func atMost(
        _ falseAlarms: Int, _ clips: [ScoredClip], _ series: KeyPath<ScoredClip, [Double]>, settings: DetectorSettings
    ) -> EventJudge? {
        let scores = clips.flatMap { $0[keyPath: series] }.filter { $0 > 0 }.sorted(by: >)
        var best: EventJudge?
        for place in stride(from: 0, to: scores.count, by: max(1, scores.count / 400)) {
            let judge = EventJudge(threshold: scores[place], settings: settings)
            guard judge.matches(clips, series).reduce(0, { $0 + $1.falseAlarms }) <= falseAlarms else { break }
            best = judge
        }
        return best
    }
}
