import Kernels
import Testing

@testable import Model

@Suite("A model file of another kind, or of a later Zanzo, is refused")
struct MetadataBlockTests {
    private func topology(_ text: String) -> String {
        do throws(ModelError) {
            _ = try Topology.of(metadata: [Topology.metadataKey: text], path: "m.safetensors")
            return "good"
        } catch {
            return "\(error)"
        }
    }

    @Test func filesOfTodayLoad() {
        #expect(topology(Topology.article.json) == "good")
        #expect(topology(Topology.article.json.dropLast() + #","version":1}"#) == "good")
    }

    @Test("An unknown key or version is named, with the file")
    func refused() {
        let later = topology(Topology.article.json.dropLast() + #","version":2}"#)
        #expect(later.contains("m.safetensors") && later.contains("version 2"))
        let other = topology(Topology.article.json.dropLast() + #","kind":"predictor"}"#)
        #expect(other.contains("m.safetensors") && other.contains("kind") && other.contains(Topology.metadataKey))
        let ranges = #"{"encoder":[1,1,1,1],"hidden":1,"decoder":[1,1,1],"version":9}"#
        #expect(throws: ModelError.self) {
            try ActivationRanges.of(metadata: [ActivationRanges.metadataKey: ranges], path: "m")
        }
        #expect(TrainingSummary(metadata: [TrainingSummary.metadataKey: #"{"held_out_error":0.5,"version":3}"#]) == nil)
        #expect(
            TrainingSummary(metadata: [TrainingSummary.metadataKey: #"{"held_out_error":0.5,"other":3}"#])?.error == 0.5
        )
    }

    @Test("The limit on memory counts every frame of a step, and bytes beside floats")
    func memory() {
        #expect(Topology.article.problem == nil)
        let reconstructor = Topology.article.stepByteCount
        // 64x64x32 floats alone, four frames.
        #expect(reconstructor > 4 * 64 * 64 * 32 * 4)
        let large = Topology(size: 512, widths: [512, 256, 256, 512, 512], latent: 64, hidden: 100)
        #expect(large.problem?.contains("MiB") == true)
    }
}
