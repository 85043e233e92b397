import Glibc
import Kernels
public import Model

/// How a model is trained: everything that decides its weights but the footage, the topology and the seed.
public struct Recipe: Sendable, Hashable, Codable {
    /// How the learning rate goes from the first iteration to the last.
    public enum Schedule: String, Sendable, Hashable, Codable {
        /// The same all the time.
        case constant
        /// Up over the first tenth, down to nearly nothing at the end, along cosines; beta1 the other way round
        /// (Smith and Topin, "Super-Convergence", 2017; PyTorch's `OneCycleLR` with `pct_start` 0.1).
        case oneCycle = "one-cycle"
    }

    /// `article`, `stream`, or what it was called.
    public var name: String
    /// Steps of the optimiser.
    public var iterations: Int
    /// Frames of a window: how far errors are propagated back.
    public var window: Int
    /// Windows of a step.
    public var batch: Int
    /// Whether windows are streams that walk through the footage, each with its state carried on. Else each is taken from a
    /// random place, from a state of normal random numbers.
    public var carriesState: Bool
    /// The probability with which a carried state is dropped between two windows.
    public var dropProbability: Double
    /// The learning rate, of a cycle the highest.
    public var learningRate: Double
    /// How the learning rate goes.
    public var schedule: Schedule
    /// L2 decay, as PyTorch's `Adam(weight_decay=)`.
    public var weightDecay: Double
    /// The gradient's norm is scaled down to this; nil: it is left as it is.
    public var gradientLimit: Double?
    /// From this share of the iterations on, batch norm uses its running averages, as the daemon does; 1: never.
    public var runningAveragesFrom: Double
    /// The light's gain may differ by this much, its offset (of 2) by this, and there may be noise of so many levels of 255.
    public var gain: Double, offset: Double, noise: Double
    /// Times in a run that the held-out frames are judged.
    public var judgements: Int
    /// So many judgements in a row without an improvement end the run; nil: it goes to its end.
    public var patience: Int?

    /// The article's recipe: 10,000 steps over 16 random windows of 4 frames.
    public static let article = Recipe(
        name: "article", iterations: 10_000, window: 4, batch: 16, carriesState: false, dropProbability: 0,
        learningRate: 1e-4, schedule: .constant, weightDecay: 1e-5, gradientLimit: nil, runningAveragesFrom: 1,
        gain: 0, offset: 0, noise: 0, judgements: 20, patience: nil)

    /// Zanzo's own: streams whose state is carried on, as the daemon runs the model.
    public static let stream = Recipe(
        name: "stream", iterations: 4000, window: 8, batch: 12, carriesState: true, dropProbability: 0.03,
        learningRate: 2e-3, schedule: .oneCycle, weightDecay: 1e-6, gradientLimit: 1, runningAveragesFrom: 0.8,
        gain: 0.05, offset: 0.03, noise: 1, judgements: 20, patience: 8)

    /// Why this recipe can't be followed, in a few words; nil where it can.
    public var problem: String? {
        if !(1...100_000_000).contains(iterations) { return "iterations is \(iterations); it may be 1 to 100000000" }
        if !(1...256).contains(window) { return "window is \(window); it may be 1 to 256 frames" }
        if !(2...1024).contains(batch) { return "batch is \(batch); it may be 2 to 1024 windows" }
        if !(learningRate > 0 && learningRate <= 1) {
            return "the learning rate is \(learningRate); it may be over 0, up to 1"
        }
        if !(1...10_000).contains(judgements) { return "judgements is \(judgements); it may be 1 to 10000" }
        return nil
    }

    /// Why steps over a network of this shape can't be made in `memory` bytes, in a few words; nil where they can.
    public func problem(_ topology: Topology, memory: Int) -> String? {
        if let problem = problem ?? topology.problem.map({ "the topology's \($0)" }) { return problem }
        let needed = memoryByteCount(topology)
        guard needed > memory else { return nil }
        func text(_ bytes: Int) -> String { "\((bytes + 1 << 30 - 1) >> 30) GiB" }
        return
            "\(batch) windows of \(window) frames take \(text(needed)) of memory, and this machine has \(text(memory)): give a "
            + "smaller --batch or --window, or a topology with smaller frames"
    }

    /// Bytes that a step's maps take, which are most of what a `Trainer` has: as `Layers` makes them.
    func memoryByteCount(_ topology: Topology) -> Int {
        func map(_ side: Int, _ channels: Int) -> Int { (side + 2) * (side + 2) * KernelTable.best.padded(channels) }
        let planes = 3 * (topology.size + 2) * (topology.size + 2)
        let levels = topology.widths.enumerated().reduce(0) { sum, level in
            let side = topology.size >> level.offset
            // y of encoder and decoder, and one gradient; x of both is there for every frame where a small map reads it.
            let isLast = level.offset == topology.widths.count - 1
            let kept = isLast ? 1 : (side * side <= 256 ? 1 : 0) + (side * side <= 64 ? 1 : 0)
            return sum + (3 + kept) * map(side, level.element)
        }
        let memory = 16 * (topology.latent + topology.hidden)
        return batch * window * (planes + levels + memory) * MemoryLayout<Float>.size
    }

    /// What the step of an iteration (from 0) works with.
    func settings(at iteration: Int) -> StepSettings {
        var settings = StepSettings(learningRate: learningRate)
        (settings.weightDecay, settings.gradientLimit) = (weightDecay, gradientLimit)
        settings.usesBatchStatistics = Double(iteration) < runningAveragesFrom * Double(iterations)
        if schedule == .oneCycle {
            let cycle = OneCycle(highest: learningRate, iterations: iterations)
            (settings.learningRate, settings.beta1) = (cycle.learningRate(at: iteration), cycle.beta1(at: iteration))
        }
        return settings
    }

    var light: BatchFiller.Light { BatchFiller.Light(gain: gain, offset: offset, noise: noise) }
    var order: WindowSampler.Order { carriesState ? .streams(dropping: dropProbability) : .random }
}

/// PyTorch's `OneCycleLR(max_lr, total_steps, pct_start=0.1)`: two halves of a cosine, the learning rate from a 25th of the
/// highest up and down to a ten-thousandth of where it began, beta1 from 0.95 down to 0.85 and up again.
struct OneCycle {
    let highest: Double
    let iterations: Int

    func learningRate(at iteration: Int) -> Double {
        value(at: iteration, from: highest / 25, over: highest, to: highest / 25 / 1e4)
    }

    func beta1(at iteration: Int) -> Double { value(at: iteration, from: 0.95, over: 0.85, to: 0.95) }

    private func value(at iteration: Int, from start: Double, over top: Double, to end: Double) -> Double {
        let (turn, last) = (0.1 * Double(iterations) - 1, Double(iterations - 1))
        let now = Double(iteration)
        if now <= turn { return Self.cosine(start, top, turn > 0 ? now / turn : 1) }
        return Self.cosine(top, end, last > turn ? (now - turn) / (last - turn) : 1)
    }

    private static func cosine(_ from: Double, _ to: Double, _ share: Double) -> Double {
        to + (from - to) / 2 * (1 + cos(.pi * min(1, max(0, share))))
    }
}
