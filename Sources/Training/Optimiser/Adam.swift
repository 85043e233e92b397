internal import CKernels
import Glibc
import Kernels

/// The optimiser over a `ParameterStore`: the gradient's norm, clipping, and Adam with L2 weight decay, as PyTorch's
/// `clip_grad_norm_` and `Adam(weight_decay:)` have them.
final class Adam {
    private let store: ParameterStore
    private let kernels: KernelTable
    /// Sums of squares, one a stretch of `chunk` floats: added in order, so that the norm has the same bits whatever the
    /// number of threads.
    private let sums: SharedBuffer<Double>
    private static let chunk = 1 << 14
    /// The norm of all gradients before clipping.
    private(set) var gradientNorm: Float = 0

    init(_ store: ParameterStore, kernels: KernelTable) {
        (self.store, self.kernels) = (store, kernels)
        sums = SharedBuffer(count: (store.weights.count + Self.chunk - 1) / Self.chunk)
    }

    /// One step, the `count`-th from 1; threads meet once in it.
    func step(_ count: Int, _ settings: Trainer.Settings, _ part: Part) {
        let chunks = part.range(of: sums.count)
        let total = store.weights.count
        for chunk in chunks {
            let start = chunk * Self.chunk
            sums.base[chunk] = kernels.training.sumSquares(
                store.gradients.base + start, min(Self.chunk, total - start))
        }
        part.meet()
        let norm = Float(sums.elements.reduce(0, +).squareRoot())
        if part.index == 0 { gradientNorm = norm }
        var numbers = Self.numbers(count, settings, norm: norm)
        let start = chunks.lowerBound * Self.chunk
        let floats = min(total, chunks.upperBound * Self.chunk) - start
        kernels.training.adam(
            store.weights.base + start, store.means.base + start, store.squares.base + start,
            store.gradients.base + start, max(0, floats), &numbers)
    }

    /// PyTorch computes these in double precision and rounds them once.
    private static func numbers(_ count: Int, _ s: Trainer.Settings, norm: Float) -> zanzo_adam_step {
        let scale = s.gradientLimit.map { min(1, $0 / (norm + 1e-6)) } ?? 1
        let correction1 = 1 - pow(s.beta1, Double(count)), correction2 = 1 - pow(s.beta2, Double(count))
        return zanzo_adam_step(
            gradient_scale: scale, weight_decay: Float(s.weightDecay), one_minus_beta1: Float(1 - s.beta1),
            beta2: Float(s.beta2), one_minus_beta2: Float(1 - s.beta2), step: Float(s.learningRate / correction1),
            root: Float(1 / correction2.squareRoot()), epsilon: Float(s.epsilon))
    }
}
