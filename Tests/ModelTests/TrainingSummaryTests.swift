import Testing

@testable import Model

/// What a daemon reads of a training record, of which it knows nothing else.
@Suite struct TrainingSummaryTests {
    @Test(arguments: [
        (#"{"held_out_error":0.002,"error_of_mean_picture":0.009,"seed":7}"#, TrainingSummary.Verdict.useful),
        (#"{"held_out_error":0.009,"error_of_mean_picture":0.009}"#, .worthless),
        (#"{"held_out_error":0.01,"error_of_mean_picture":0.009}"#, .worthless),
        // Nothing held out, and a file from before there was a mean picture in it.
        (#"{"seed":1}"#, .unjudged), (#"{"held_out_error":0.002}"#, .unjudged),
    ])
    func theVerdictIsOneWord(_ record: String, _ verdict: TrainingSummary.Verdict) {
        #expect(TrainingSummary(metadata: [TrainingSummary.metadataKey: record])?.verdict == verdict)
    }

    @Test func aRecordThatCannotBeReadSaysNothing() {
        #expect(TrainingSummary(metadata: [:]) == nil)
        for record in ["", "[]", "{", #"{"held_out_error":"small"}"#, #"{"held_out_error":1e999}"#] {
            #expect(TrainingSummary(metadata: [TrainingSummary.metadataKey: record])?.error == nil, "\(record)")
        }
        #expect(TrainingSummary(error: .nan, errorOfMeanPicture: .infinity).verdict == .unjudged)
    }
}
