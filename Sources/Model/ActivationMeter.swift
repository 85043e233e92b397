internal import Kernels

/// Measures a model's activations on its own normal frames: what `zanzo quantize` writes into the file.
public final class ActivationMeter {
    /// What was seen so far.
    public private(set) var ranges = ActivationRanges()
    /// Frames seen so far.
    public private(set) var frameCount = 0
    private let reconstructor: Reconstructor
    private var layers: [LayerRun]

    /// A meter of a model that runs in floats.
    public init(model: Model) {
        precondition(model.precision != .int8, "ActivationMeter: bytes have no ranges of their own")
        reconstructor = Reconstructor(model: model)
        layers = reconstructor.layers()
    }

    /// Starts from a state of zeros: another clip, or a cut.
    public func reset() { layers = reconstructor.layers() }

    /// Takes in one frame, [size][size] bytes; frames of one clip come in order, for the state goes on.
    public func add(_ luma: UnsafeBufferPointer<UInt8>) {
        guard let frame = luma.baseAddress, luma.count == reconstructor.maps.input.count else {
            preconditionFailure("ActivationMeter.add: a frame of another size")
        }
        frameCount += 1
        Numbers.flushingDenormals {
            reconstructor.model.kernels.normalise(frame, into: reconstructor.maps.picture)
            for layer in layers {
                layer.run()
                note(layer.name, layer.output().flatMap { values in values.lazy.map { abs($0) }.max() } ?? 0)
            }
        }
    }

    private func note(_ layer: String, _ largest: Float) {
        switch layer {
        case "fromHidden": ranges.hidden = max(ranges.hidden, largest)
        case "encoder1", "encoder2", "encoder3", "encoder4":
            let index = Int(layer.suffix(1)).map { $0 - 1 } ?? 0
            ranges.encoder[index] = max(ranges.encoder[index], largest)
        case "decoder1", "decoder2", "decoder3":
            let index = Int(layer.suffix(1)).map { $0 - 1 } ?? 0
            ranges.decoder[index] = max(ranges.decoder[index], largest)
        default: break
        }
    }
}
