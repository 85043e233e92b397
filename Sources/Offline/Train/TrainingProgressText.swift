import Pictures
import Training

/// What a run says of itself while it goes on.
enum TrainingProgressText {
    /// For the progress line.
    static func line(_ reading: TrainingReading) -> String {
        var parts = ["\(reading.iteration)/\(reading.iterations)", "loss \(NumberText.short(reading.loss))"]
        if let error = reading.heldOut { parts.append("held out \(NumberText.short(error))") }
        if let speed = reading.framesPerSecond { parts.append("\(NumberText.fixed(speed, decimals: 0)) frames/s") }
        if let seconds = reading.secondsLeft { parts.append("\(TrainingReportText.length(seconds)) left") }
        return parts.joined(separator: "  ")
    }

    /// A line that stays, after held-out frames were judged.
    static func judged(_ reading: TrainingReading, error: Double?) -> String {
        var reading = reading
        reading.heldOut = error
        return line(reading)
    }
}
