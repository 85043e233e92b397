import CKernels
import Kernels
import Testing
import TestSupport

/// Winograd's kernels against the definition of what they compute, which knows nothing of their products.
@Suite("Winograd's convolutions against float64")
struct WinogradTests {
    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }

    /// Rounding is that of the products, and those reach further than the sum: along each axis a part is the difference of
    /// two inputs, and one weight the sum of two. So an output's error is bounded by the largest sum of magnitudes in its
    /// layer, not its own.
    private static func allowed(_ expected: Oracle.Map, _ digits: Double) -> Double {
        digits * (expected.magnitude.max() ?? 0)
    }

    @Test("Floats", arguments: ConvolutionShape.winograd)
    func floats(shape: ConvolutionShape) {
        let layer = FloatLayer(shape)
        let expected = layer.expected()
        let allowed = Self.allowed(expected, 1e-6)
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                let found = layer.run(table, side, blank: Maps.sentinel, byWinograd: true)
                Maps.expect(found, like: expected, blank: Maps.sentinel, table.name) { value, index in
                    let wanted = shape.isRectified ? max(0, expected.values[index]) : expected.values[index]
                    return abs(Double(value) - wanted) / allowed
                }
            }
        }
    }

    @Test("Weights in 16 bits: rounded once more than the direct kernels' are", arguments: ConvolutionShape.winograd)
    func halves(shape: ConvolutionShape) {
        let layer = FloatLayer(shape)
        let expected = layer.expected()
        // Each of the products' weights is rounded to 11 bits.
        let allowed = Self.allowed(expected, 0x1p-11)
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                let found = layer.run(table, side, half: true, blank: Maps.sentinel, byWinograd: true)
                Maps.expect(found, like: expected, blank: Maps.sentinel, table.name) { value, index in
                    let wanted = shape.isRectified ? max(0, expected.values[index]) : expected.values[index]
                    return abs(Double(value) - wanted) / allowed
                }
            }
        }
    }

    /// All that rounding leaves between two tables: the order within a sum. Plain C is the specification.
    @Test("Each table gives what plain C gives, also in 16 bits", arguments: ConvolutionShape.winograd, [false, true])
    func plain(shape: ConvolutionShape, half: Bool) throws {
        let layer = FloatLayer(shape)
        let allowed = Self.allowed(layer.expected(), 1e-6)
        func inside(_ table: KernelTable) -> [Float] {
            let map: [Float] = layer.run(table, .end, half: half, blank: Maps.sentinel, byWinograd: true)
            let padded = table.padded(shape.outputs)
            return map.indices.filter { $0 % padded < shape.outputs }.map { map[$0] }
        }
        let expected = inside(try #require(KernelTable.named("scalar")))
        for table in Self.tables {
            let worst = zip(inside(table), expected).map { abs(Double($0) - Double($1)) }.max() ?? .infinity
            #expect(worst <= allowed, "\(table.name): \(worst / allowed) times the distance allowed")
        }
    }

    @Test("Outputs as bytes", arguments: ConvolutionShape.winograd)
    func byteOutputs(shape: ConvolutionShape) {
        let layer = FloatLayer(shape)
        let expected = layer.expected()
        let scale = 200 / Float(expected.values.map(abs).max() ?? 1)
        let doubt = 1e-4 + Self.allowed(expected, 1e-6) * Double(scale)
        for table in Self.tables {
            for side in Guarded<Float>.Side.allCases {
                let found: [UInt8] = layer.run(table, side, byteScale: scale, blank: 77, byWinograd: true)
                Maps.expect(found, like: expected, blank: 77, table.name) { byte, index in
                    Maps.distance(byte, from: expected.values[index] * Double(scale), doubt: doubt)
                }
            }
        }
    }

    @Test(
        "However the work on several maps is cut, the bits are those of one map alone",
        arguments: ConvolutionShape.winograd)
    func shares(shape: ConvolutionShape) {
        let layer = FloatLayer(shape)
        let inputs = [layer.input, layer.input.map { 0.5 - $0 }, Array(layer.input.reversed())]
        for table in Self.tables {
            for half in [false, true] {
                let alone: [[Float]] = inputs.map {
                    layer.run(table, .end, half: half, blank: Maps.sentinel, byWinograd: true, inputs: [$0])
                }
                let found = layer.run(
                    table, .end, half: half, blank: Maps.sentinel, byWinograd: true, inputs: inputs,
                    cutBy: SplitMix(seed: shape.seed))
                #expect(found == alone.flatMap { $0 }, "\(table.name)")
            }
        }
    }

    /// The layers that choose these kernels are those of the article that gain; a layer of them gives what the one that is
    /// packed for any size gives.
    @Test(
        "A layer packed for its size gives what one packed for any size gives", arguments: [false, true],
        [WeightFormat.float32, .float16])
    func layers(isTransposed: Bool, format: WeightFormat) {
        let (inputs, outputs, side) = (40, 48, 8)
        var random = SplitMix(seed: 5)
        let weights = random.floats(inputs * outputs * 9, in: -0.1...0.1)
        let (scale, bias) = (random.floats(outputs, in: 0.5...2), random.floats(outputs))
        let kind = isTransposed ? ConvolutionKind.transposed : .plain(stride: 2)
        for table in Self.tables {
            func map(_ side: Int, _ channels: Int) -> FloatMap {
                FloatMap(height: side, width: side, channels: channels, capacity: 3, kernels: table)
            }
            let input = map(isTransposed ? side : 2 * side, inputs)
            for frame in 0..<3 {
                for y in 0..<input.height {
                    for x in 0..<input.width {
                        let pixel = input.mutablePixels + frame * input.mapStride + y * input.rowStride
                        for c in 0..<inputs {
                            pixel[x * input.pixelStride + c] = Float.random(in: -1...1, using: &random)
                        }
                    }
                }
            }
            let outputsOf = [side, nil].map { (packedFor: Int?) -> [Float] in
                let layer = ConvolutionLayer(
                    kind, weights: weights, scale: scale, bias: bias, inputs: inputs, outputs: outputs, format: format,
                    side: packedFor, kernels: table)
                let output = map(isTransposed ? 2 * side : side, outputs)
                var part = Part.whole
                part.frames = 3
                layer.run(input, into: output, part)
                return (0..<3).flatMap { Array(output.elements(of: $0)) }
            }
            let worst = zip(outputsOf[0], outputsOf[1]).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst <= (format == .float32 ? 1e-4 : 2e-2), "\(table.name)")
            // Whether there was anything to compare: other kernels were at work, and their last bits differ.
            #expect((worst > 0) == table.usesWinograd(kind, side: side, inputs: inputs, outputs: outputs))
        }
    }
}
