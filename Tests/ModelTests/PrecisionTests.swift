import Kernels
import Testing

@testable import Model

@Suite("Narrow arithmetic")
struct PrecisionTests {
    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }

    /// Weights of 11 bits: each is off by up to 2^-12 of itself, which these small networks add up to far less than this.
    @Test("16 bits: a step is the network's definition to 3e-3", arguments: [ModelFiles.odd, ModelFiles.even])
    func halves(topology: Topology) throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(topology, in: scratch)
        for table in Self.tables {
            let found = try Self.run(path, .float16, table)
            let worst = Self.worst(found, Self.naive(topology, ranges: nil))
            #expect(worst < 3e-3, "\(table.name)")
            // They are 16 bits, not 32.
            #expect(worst > 1e-5, "\(table.name)")
        }
    }

    /// A byte whose real value lies within float32's rounding of a boundary may fall to either side, and then moves what
    /// follows by a part of a step: one frame of the four may differ that much, the others by rounding only.
    @Test("8 bits: a step is the definition, rounded where bytes are", arguments: [ModelFiles.odd, ModelFiles.even])
    func bytes(topology: Topology) throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(topology, in: scratch)
        let ranges = try ModelFiles.quantise(path)
        let exact = Self.naive(topology, ranges: nil)
        let area = topology.size * topology.size
        for table in Self.tables {
            let rounded = Self.naive(topology, ranges: ranges, byteGroup: table.byteGroup)
            let found = try Self.run(path, .int8, table)
            let distances = (0..<4).map { frame in
                let pixels = frame * area..<(frame + 1) * area
                return Self.worst(Array(found[pixels]), Array(rounded[pixels]))
            }.sorted()
            #expect(distances[2] < 1e-5, "\(table.name): \(distances)")
            #expect(distances[3] < 0.03, "\(table.name): \(distances)")
            let cost = zip(found, exact).reduce(0) { $0 + abs(Double($1.0) - $1.1) } / Double(found.count)
            #expect(cost < 0.005, "\(table.name)")
        }
    }

    @Test("The meter sees the largest activations, also after a reset", arguments: [ModelFiles.odd, ModelFiles.even])
    func meter(topology: Topology) throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(topology, in: scratch)
        for table in Self.tables {
            let meter = ActivationMeter(model: try Model(path: path, precision: .float32, kernels: table))
            var expected = ActivationRanges()
            for seed in UInt64(1)...2 {
                var naive = NaiveNetwork(topology, ModelFiles.tensors(topology))
                meter.reset()
                for frame in ModelFiles.frames(topology, count: 3, seed: seed) {
                    frame.withUnsafeBufferPointer { meter.add($0) }
                    _ = naive.step(frame)
                }
                expected.encoder = zip(expected.encoder, naive.seen.encoder).map { max($0, $1) }
                expected.decoder = zip(expected.decoder, naive.seen.decoder).map { max($0, $1) }
                expected.hidden = max(expected.hidden, naive.seen.hidden)
            }
            #expect(meter.frameCount == 6)
            let found = meter.ranges.encoder + meter.ranges.decoder + [meter.ranges.hidden]
            let wanted = expected.encoder + expected.decoder + [expected.hidden]
            for (found, wanted) in zip(found, wanted) { #expect(abs(found / wanted - 1) < 1e-5, "\(table.name)") }
        }
    }

    @Test("auto is bytes where the file has ranges and the CPU is fast at them, else float32")
    func auto() throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(ModelFiles.even, in: scratch)
        for table in Self.tables { #expect(try Model(path: path, kernels: table).precision == .float32) }
        _ = try ModelFiles.quantise(path)
        for table in Self.tables {
            #expect(try Model(path: path, kernels: table).precision == (table.isFastAtBytes ? .int8 : .float32))
            for precision in [Precision.float32, .float16, .int8] {
                #expect(try Model(path: path, precision: precision, kernels: table).precision == precision)
            }
        }
        #expect(KernelTable.named("scalar")?.isFastAtBytes == false)
    }

    @Test("int8 of a file that was never quantised is refused in a line that says what to do")
    func unquantised() throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(ModelFiles.even, in: scratch)
        let error = #expect(throws: ModelError.self) { try Model(path: path, precision: .int8) }
        #expect(error?.description == "\(path): has no zanzo.activations: run zanzo quantize, or use float32")
    }

    @Test("What is written of ranges is read again, to the bit")
    func roundTrip() throws {
        var ranges = ActivationRanges()
        (ranges.encoder, ranges.hidden, ranges.decoder) = ([0.1, 1.0 / 3, 1e-20, 12345.678], .pi, [1e20, 2, 3])
        let metadata = [ActivationRanges.metadataKey: try ranges.jsonString()]
        #expect(try ActivationRanges.of(metadata: metadata, path: "x") == ranges)
        #expect(try ActivationRanges.of(metadata: [:], path: "x") == nil)
    }

    /// The reconstructions of a few frames, one behind the other.
    private static func run(_ path: String, _ precision: Precision, _ table: KernelTable) throws -> [Float] {
        let model = try Model(path: path, precision: precision, kernels: table)
        let reconstructor = Reconstructor(model: model)
        var state = StreamState(model: model)
        return ModelFiles.frames(model.topology, count: 4).flatMap { frame in
            frame.withUnsafeBufferPointer { Array(reconstructor.step($0, &state).output) }
        }
    }

    private static func naive(_ topology: Topology, ranges: ActivationRanges?, byteGroup: Int = 0) -> [Double] {
        var naive = NaiveNetwork(topology, ModelFiles.tensors(topology), ranges: ranges, byteGroup: byteGroup)
        return ModelFiles.frames(topology, count: 4).flatMap { naive.step($0).output }
    }

    private static func worst(_ found: [Float], _ expected: [Double]) -> Double {
        ReconstructorTests.distance(found, expected)
    }
}
