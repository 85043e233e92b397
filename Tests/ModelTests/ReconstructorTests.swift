import CAllocations
import FoundationEssentials
import Glibc
import Kernels
import Testing

@testable import Model

@Suite("Reconstructor")
struct ReconstructorTests {
    static let tables = KernelTable.names.compactMap { KernelTable.named($0) }

    @Test("A step is the network's definition", arguments: [ModelFiles.odd, ModelFiles.even])
    func definition(topology: Topology) throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(topology, in: scratch)
        for table in Self.tables {
            let model = try Model(path: path, kernels: table)
            #expect(model.topology == topology)
            let reconstructor = Reconstructor(model: model)
            var state = StreamState(model: model)
            var naive = NaiveNetwork(topology, ModelFiles.tensors(topology))
            for frame in ModelFiles.frames(topology, count: 4) {
                let expected = naive.step(frame)
                let found = frame.withUnsafeBufferPointer { reconstructor.step($0, &state) }
                #expect(Self.distance(found.latent, expected.latent) < 1e-5, "\(table.name)")
                #expect(Self.distance(state.hidden, expected.hidden) < 1e-5, "\(table.name)")
                #expect(Self.distance(found.output, expected.output) < 1e-5, "\(table.name)")
                #expect(Array(found.input) == frame.map { Float($0) / 127.5 - 1 })
            }
        }
    }

    @Test("Going back to zero and replaying gives the same bits; forgetting matters")
    func replay() throws {
        let scratch = Scratch()
        let model = try Model(path: ModelFiles.write(ModelFiles.even, in: scratch))
        let reconstructor = Reconstructor(model: model)
        let frames = ModelFiles.frames(model.topology, count: 12)
        var state = StreamState(model: model)
        let first = frames.map { Self.bits(reconstructor, $0, &state) }
        let carried = Self.bits(reconstructor, frames[0], &state)
        state.reset()
        #expect(state.hidden.allSatisfy { $0 == 0 })
        let second = frames.map { Self.bits(reconstructor, $0, &state) }
        #expect(first == second)
        #expect(carried != first[0])
    }

    @Test("Two cameras in turn in one reconstructor give the bits that each gives alone")
    func interleaved() throws {
        let scratch = Scratch()
        let model = try Model(path: ModelFiles.write(ModelFiles.odd, in: scratch))
        let (a, b) = (ModelFiles.frames(model.topology, count: 8), ModelFiles.frames(model.topology, count: 8, seed: 9))
        func alone(_ frames: [[UInt8]]) -> [[UInt32]] {
            let reconstructor = Reconstructor(model: model)
            var state = StreamState(model: model)
            return frames.map { Self.bits(reconstructor, $0, &state) }
        }
        let shared = Reconstructor(model: model)
        var stateA = StreamState(model: model)
        var stateB = StreamState(model: model)
        var (foundA, foundB): ([[UInt32]], [[UInt32]]) = ([], [])
        for index in a.indices {
            foundA.append(Self.bits(shared, a[index], &stateA))
            foundB.append(Self.bits(shared, b[index], &stateB))
        }
        #expect(foundA == alone(a))
        #expect(foundB == alone(b))
    }

    @Test("A step allocates nothing: 1,000 steps after warm-up", .enabled(if: zanzo_allocations() != .max))
    func allocations() throws {
        let scratch = Scratch()
        let path = try ModelFiles.write(ModelFiles.even, in: scratch)
        _ = try ModelFiles.quantise(path)
        for (table, precision) in Self.tables.flatMap({ table in Precision.allCases.map { (table, $0) } }) {
            let model = try Model(path: path, precision: precision, kernels: table)
            let reconstructor = Reconstructor(model: model)
            var state = StreamState(model: model)
            let frame = ModelFiles.frames(model.topology, count: 1)[0]
            let count = frame.withUnsafeBufferPointer { frame in
                _ = reconstructor.step(frame, &state)
                let before = zanzo_allocations()
                for _ in 0..<1000 { _ = reconstructor.step(frame, &state) }
                return zanzo_allocations() - before
            }
            #expect(count == 0, "\(table.name), \(precision)")
        }
        let before = zanzo_allocations()
        withExtendedLifetime([UInt8](repeating: 1, count: 1000)) {}
        free(malloc(10))
        #expect(zanzo_allocations() > before, "the counter counts")
    }

    @Test("Threads that share a model give the bits that one gives")
    func threads() async throws {
        let scratch = Scratch()
        let model = try Model(path: ModelFiles.write(ModelFiles.odd, in: scratch))
        let frames = ModelFiles.frames(model.topology, count: 6)
        @Sendable func run() -> [[UInt32]] {
            let reconstructor = Reconstructor(model: model)
            var state = StreamState(model: model)
            return frames.map { Self.bits(reconstructor, $0, &state) }
        }
        let expected = run()
        await withTaskGroup(of: [[UInt32]].self) { group in
            for _ in 0..<4 { group.addTask { run() } }
            for await found in group { #expect(found == expected) }
        }
    }

    static func bits(_ reconstructor: Reconstructor, _ frame: [UInt8], _ state: inout StreamState) -> [UInt32] {
        let output = frame.withUnsafeBufferPointer { reconstructor.step($0, &state).output }
        return output.map(\.bitPattern)
    }

    static func distance(_ found: some Sequence<Float>, _ expected: [Double]) -> Double {
        zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    }
}

/// PyTorch's answers for a network: its weights, and a stream's frames, z, hidden states and reconstructions.
struct Reference: CustomTestStringConvertible {
    let model, stream: String
    let testDescription: String
    var isHere: Bool { access(model, R_OK) == 0 && access(stream, R_OK) == 0 }

    /// A small network of the same kind, in every clone: Tests/Reference.
    static let small = Reference(folder: tests + "/Reference", weights: "weights.safetensors", words: "small")
    /// The article's network, where this machine has it.
    static let article = Reference(folder: folder, weights: "gru_ae.safetensors", words: "the article's")

    private init(folder: String, weights: String, words: String) {
        (model, stream, testDescription) = ("\(folder)/\(weights)", "\(folder)/stream.safetensors", words)
    }

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    private static let folder: String = {
        if let shared = getenv("ZANZO_SHARED") { return String(cString: shared) + "/reference" }
        return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path + "/../shared/reference"
    }()
}

@Suite("PyTorch's reference stream")
struct ReferenceTests {
    @Test(
        "z, hidden state and reconstruction at each step, of the small network in every clone",
        arguments: KernelTable.names, [Precision.float32, .float16])
    func small(isa: String, precision: Precision) throws {
        // Of sixteen bits a network so small has fewer weights over which errors even out.
        try hold(.small, isa, limit: precision == .float32 ? 1e-4 : 5e-3, precision)
    }

    @Test(
        "The same of the article's network, over 32 steps",
        .enabled(
            if: Reference.article.isHere, "no gru_ae.safetensors and stream.safetensors in ZANZO_SHARED/reference"),
        arguments: KernelTable.names, [Precision.float32, .float16])
    func article(isa: String, precision: Precision) throws {
        try hold(.article, isa, limit: precision == .float32 ? 1e-4 : 2e-3, precision)
    }

    private func hold(_ reference: Reference, _ isa: String, limit: Double, _ precision: Precision) throws {
        guard let table = KernelTable.named(isa) else { return }
        let model = try Model(path: reference.model, precision: precision, kernels: table)
        let file = try SafetensorsFile(path: reference.stream)
        let topology = model.topology
        var tensors: [String: [Float]] = [:]
        for tensor in file.tensors {
            let bytes = file.bytes(of: tensor)
            tensors[tensor.name] = (0..<bytes.count / 4).map {
                bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
            }
        }
        func rows(_ name: String, _ width: Int) throws -> [ArraySlice<Float>] {
            let all = try #require(tensors[name])
            return (0..<all.count / width).map { all[$0 * width..<($0 + 1) * width] }
        }
        let area = topology.size * topology.size
        let frames = try rows("frames", area)
        let (latents, hiddens) = (try rows("z", topology.latent), try rows("hidden", topology.hidden))
        let outputs = try rows("reconstruction", area)
        #expect(frames.count >= 12)
        let reconstructor = Reconstructor(model: model)
        var state = StreamState(model: model)
        var worst = (latent: 0.0, hidden: 0.0, output: 0.0)
        for step in frames.indices {
            let luma = frames[step].map { UInt8((($0 + 1) * 127.5).rounded()) }
            let found = luma.withUnsafeBufferPointer { reconstructor.step($0, &state) }
            worst.latent = max(worst.latent, ReconstructorTests.distance(found.latent, latents[step].map(Double.init)))
            worst.hidden = max(worst.hidden, ReconstructorTests.distance(state.hidden, hiddens[step].map(Double.init)))
            worst.output = max(worst.output, ReconstructorTests.distance(found.output, outputs[step].map(Double.init)))
        }
        print(
            "\(reference.testDescription), \(isa), \(precision): worst distance from PyTorch: z \(worst.latent), h \(worst.hidden), x \(worst.output)"
        )
        #expect(worst.latent < limit)
        #expect(worst.hidden < limit)
        #expect(worst.output < limit)
    }
}
