import Model
import Pictures

extension TrainingSummary {
    /// "error on frames that it has not seen: 0.0016, the mean picture's: 0.0094"; nil where nobody knows.
    var summary: String? {
        guard let error else { return nil }
        let mean = errorOfMeanPicture.map { ", the mean picture's: \(NumberText.short($0, digits: 2))" } ?? ""
        return "error on frames that it has not seen: \(NumberText.short(error, digits: 2))\(mean)"
    }

    /// What should be known before such a model is trusted; nil where nothing speaks against it.
    var doubt: String? {
        guard verdict == .worthless, let error, let errorOfMeanPicture else { return nil }
        return "its model has learned nothing of use: its error on frames that it has not seen is "
            + "\(NumberText.short(error)), and their mean picture's \(NumberText.short(errorOfMeanPicture)); train again, "
            + "on more footage or for longer"
    }
}
