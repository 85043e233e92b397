import CAllocations
import Glibc
import Kernels
import Model
import Testing

@testable import Training

@Suite("Trainer")
struct TrainerTests {
    private static func train(
        _ trainer: Trainer, _ given: Case, steps: Int, hidden: inout [Float]
    ) -> [Trainer.StepOutcome] {
        let frames = given.frames
        return (0..<steps).map { _ in trainer.step(frames, &hidden) }
    }

    @Test("The same bits whatever the number of threads", arguments: Case.all)
    func threads(given: Case) {
        for table in Case.tables {
            func run(_ threads: Int) -> ([Trainer.StepOutcome], [[UInt8]], [Float]) {
                let trainer = given.trainer(threads: threads, table)
                (trainer.settings.learningRate, trainer.settings.gradientLimit) = (1e-3, 0.05)
                var hidden = given.hidden
                let outcomes = Self.train(trainer, given, steps: 4, hidden: &hidden)
                return (outcomes, trainer.bits, hidden)
            }
            let alone = run(1)
            for threads in [2, 3] {
                let team = run(threads)
                #expect(team.0 == alone.0, "\(table.name), \(threads) threads")
                #expect(team.1 == alone.1, "\(table.name), \(threads) threads")
                #expect(team.2 == alone.2, "\(table.name), \(threads) threads")
            }
        }
    }

    @Test("Training lowers the loss on what it is shown", arguments: Case.all)
    func learns(given: Case) {
        let trainer = given.trainer(threads: 2)
        trainer.settings.learningRate = 3e-3
        var losses: [Double] = []
        for _ in 0..<30 {
            var hidden = given.hidden
            losses.append(trainer.step(given.frames, &hidden).loss)
        }
        #expect(losses[29] < 0.95 * losses[0], "\(losses[0]) to \(losses[29])")
        #expect(trainer.stepCount == 30)
    }

    @Test("A checkpoint goes on to the same bits", arguments: Case.all)
    func restores(given: Case) throws {
        let scratch = Scratch(), path = scratch.path + "/checkpoint.safetensors"
        let trainer = given.trainer()
        trainer.settings.learningRate = 1e-2
        var hidden = given.hidden
        _ = Self.train(trainer, given, steps: 3, hidden: &hidden)
        let note = Safetensors.Tensor(name: "run.note", shape: [1], values: [1])
        try Safetensors.write(
            path: path, tensors: trainer.parameters().tensors() + trainer.optimiserTensors() + [note],
            metadata: [Topology.metadataKey: given.topology.json])
        var later = hidden
        let outcomes = Self.train(trainer, given, steps: 3, hidden: &hidden)

        let other = Trainer(
            parameters: Parameters(given.topology, seed: 99), batch: given.batch, window: given.window, threads: 2)
        other.settings.learningRate = 1e-2
        try other.restore(from: path)
        #expect(other.stepCount == 3)
        #expect(Self.train(other, given, steps: 3, hidden: &later) == outcomes)
        #expect(other.bits == trainer.bits)
        #expect(later == hidden)
    }

    @Test("What is no checkpoint of this network is refused, and nothing has changed")
    func refuses() throws {
        let scratch = Scratch(), path = scratch.path + "/model.safetensors", given = Case.all[0]
        let trainer = given.trainer()
        let before = trainer.bits
        func attempt(_ tensors: [Safetensors.Tensor], _ topology: Topology, _ word: String) throws {
            try Safetensors.write(
                path: path, tensors: tensors, metadata: [Topology.metadataKey: topology.json])
            let error = #expect(throws: ModelError.self) { try trainer.restore(from: path) }
            #expect(error?.description.contains(word) == true, "\(error?.description ?? "no error")")
            #expect(trainer.bits == before)
        }
        let weights = given.parameters.tensors(), moments = trainer.optimiserTensors()
        try attempt(weights, given.topology, "adam.m.")
        try attempt(weights + moments.dropFirst(), given.topology, "adam.step")
        let other = Case.all[1].trainer()
        try attempt(other.parameters().tensors() + other.optimiserTensors(), other.topology, "resume")
        var broken = moments
        broken[2] = Safetensors.Tensor(
            name: broken[2].name, shape: broken[2].shape, values: broken[2].floats.map { _ in .nan })
        try attempt(weights + broken, given.topology, "NaN")
    }

    @Test("A step allocates nothing", .enabled(if: zanzo_allocations() != .max))
    func allocations() {
        for table in Case.tables {
            let given = Case.all[0], trainer = given.trainer(table), frames = given.frames
            trainer.settings.gradientLimit = 1
            var hidden = given.hidden
            for _ in 0..<3 { _ = trainer.step(frames, &hidden) }
            let before = zanzo_allocations()
            for _ in 0..<50 { _ = trainer.step(frames, &hidden) }
            #expect(zanzo_allocations() - before == 0, "\(table.name)")
        }
    }

    @Test("Parameters keep their bits on their way through a trainer and through a file", arguments: Case.all)
    func parametersStay(given: Case) throws {
        let parameters = given.parameters
        for table in Case.tables {
            let trainer = given.trainer(table)
            #expect(trainer.parameters().tensors().map(\.bytes) == parameters.tensors().map(\.bytes))
        }
        let scratch = Scratch(), path = scratch.path + "/model.safetensors"
        try Safetensors.write(
            path: path, tensors: parameters.tensors(), metadata: [Topology.metadataKey: given.topology.json])
        #expect(try Parameters(path: path).tensors().map(\.bytes) == parameters.tensors().map(\.bytes))
        #expect(try Model(path: path).topology == given.topology)
    }

    @Test("New networks are as PyTorch makes them: uniform in ±1/√fan")
    func initialisation() throws {
        let topology = Topology(size: 32, widths: [8, 16, 16, 24, 32], latent: 20, hidden: 30)
        let a = Parameters(topology, seed: 1), b = Parameters(topology, seed: 1), c = Parameters(topology, seed: 2)
        #expect(a.values == b.values)
        #expect(a.values != c.values)
        let fans = [
            "encoder.0.weight": 9, "encoder.3.weight": 72, "encoder.12.weight": 216, "decoder.0.weight": 216,
            "decoder.9.weight": 72, "decoder.12.weight": 72, "fc1.0.weight": 128, "fc1.0.bias": 128,
            "fc3.0.weight": 30, "fc3.0.bias": 30, "gru.weight_ih_l0": 30, "gru.bias_hh_l0": 30,
        ]
        for (name, fan) in fans {
            let values = try #require(a.values[name]), limit = 1 / Double(fan).squareRoot()
            let count = Double(values.count)
            let mean = values.reduce(0) { $0 + Double($1) } / count
            let variance = values.reduce(0) { $0 + Double($1) * Double($1) } / count
            #expect(values.allSatisfy { abs(Double($0)) <= limit * (1 + 1e-6) }, "\(name)")
            // Four standard errors of a uniform variable's mean and mean square.
            #expect(abs(mean) < 4 * limit / (3 * count).squareRoot(), "\(name)")
            #expect(abs(variance / (limit * limit / 3) - 1) < 4 * (4 / (5 * count)).squareRoot(), "\(name)")
        }
        #expect(a.values["decoder.1.weight"]?.allSatisfy { $0 == 1 } == true)
        #expect(a.values["decoder.1.running_mean"]?.allSatisfy { $0 == 0 } == true)
    }
}
