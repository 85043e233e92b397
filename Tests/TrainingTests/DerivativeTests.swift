import Kernels
import Model
import TestSupport
import Testing

@testable import Training

@Suite("Gradients against differences in float64")
struct DerivativeTests {
    /// A float32 gradient is off by the rounding of its own sums: relative to the tensor's largest gradient. A difference of
    /// losses near 1, divided by 2e-7, has no more than seven decimals.
    private static let tolerance = 2e-4, noise = 3e-8

    @Test("Loss, reconstruction, last states, and every kind of gradient", arguments: Case.all, [true, false])
    func differences(given: Case, usesBatchStatistics: Bool) throws {
        var naive = given.naive
        naive.usesBatchStatistics = usesBatchStatistics
        let expected = naive.run()
        let names = given.topology.stateTensors.map(\.name).filter { !$0.contains("running_") }
        var random = SplitMix(seed: given.seed + 7)
        var wanted: [(name: String, index: Int, value: Double)] = []
        for name in names {
            let count = naive.tensors[name]?.count ?? 0
            for index in (0..<count).shuffled(using: &random).prefix(6) {
                wanted.append((name, index, naive.derivative(of: name, index)))
            }
        }
        for table in Case.tables {
            for threads in [1, 2] {
                let trainer = given.trainer(threads: threads, table)
                trainer.settings.usesBatchStatistics = usesBatchStatistics
                var hidden = given.hidden
                let outcome = trainer.step(given.frames, &hidden)
                #expect(abs(outcome.loss - expected.loss) < 1e-6 * expected.loss)
                let output = (0..<given.batch).flatMap { b in
                    (0..<given.window).flatMap { Array(trainer.reconstruction(sequence: b, frame: $0)) }
                }
                #expect(zip(output, expected.output).allSatisfy { abs(Double($0) - $1) < 2e-5 })
                #expect(zip(hidden, expected.hidden).allSatisfy { abs(Double($0) - $1) < 1e-5 })
                let gradients = Dictionary(
                    uniqueKeysWithValues: trainer.gradients().map { ($0.name, $0.floats) })
                var total = 0.0
                for values in gradients.values { total += values.reduce(0) { $0 + Double($1) * Double($1) } }
                #expect(abs(outcome.gradientNorm / total.squareRoot() - 1) < 1e-5)
                for (name, index, value) in wanted {
                    let tensor = try #require(gradients[name])
                    let largest = tensor.reduce(0) { max($0, abs(Double($1))) }
                    let distance = abs(Double(tensor[index]) - value)
                    #expect(
                        distance <= Self.tolerance * largest + Self.noise,
                        "\(table.name), \(threads): \(name)[\(index)] is \(tensor[index]), not \(value)")
                }
            }
        }
    }
}
