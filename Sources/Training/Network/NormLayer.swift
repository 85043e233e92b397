internal import CKernels
import Kernels

/// Batch norm and ReLU with their backward pass, over all frames of a step.
///
/// Ioffe and Szegedy 2015, as PyTorch's `BatchNorm2d` in training mode: normalised by the biased variance of the batch;
/// the running variance takes the unbiased one, momentum 0.1, epsilon 1e-5. Sums go frame by frame into places of their
/// own and are added in the frames' order, so they have the same bits whatever the number of threads.
final class NormLayer {
    let name: String
    /// Running averages, [channels] and padding.
    let runningMean, runningVariance: SharedBuffer<Float>
    var batchesTracked: Int64 = 0
    private let channels, area, frames: Int
    private let weight, bias, weightGradient, biasGradient: UnsafeMutablePointer<Float>
    private let sums: SharedBuffer<Double>  // [frames][2][channels]
    private let mean, scale, shift, alpha, beta, gamma: SharedBuffer<Float>
    private let inverse: SharedBuffer<Double>  // 1 / standard deviation
    private let kernels: KernelTable

    private static let (momentum, epsilon) = (0.1, 1e-5)

    /// Over maps like `map`, as many as it has room for.
    init(_ name: String, _ store: ParameterStore, map: FloatMap, kernels: KernelTable) {
        (self.name, self.kernels, frames, area) = (name, kernels, map.capacity, map.height * map.width)
        channels = map.pixelStride
        let (weight, bias) = (store["\(name).weight"].offset, store["\(name).bias"].offset)
        (self.weight, weightGradient) = (store.weights.base + weight, store.gradients.base + weight)
        (self.bias, biasGradient) = (store.weights.base + bias, store.gradients.base + bias)
        func floats() -> SharedBuffer<Float> { SharedBuffer(count: map.pixelStride) }
        (runningMean, runningVariance, mean) = (floats(), floats(), floats())
        (scale, shift, alpha, beta, gamma) = (floats(), floats(), floats(), floats(), floats())
        inverse = SharedBuffer(count: channels)
        sums = SharedBuffer(count: frames * 2 * channels)
    }

    private func shape(_ y: FloatMap, _ x: FloatMap, mean: SharedBuffer<Float>) -> zanzo_norm {
        zanzo_norm(
            height: y.height, width: y.width, channels: channels, y_row: y.rowStride, x_row: x.rowStride,
            scale: scale.base, shift: shift.base, mean: mean.base, alpha: alpha.base, beta: beta.base,
            gamma: gamma.base)
    }

    private func cleared(_ frame: Int) -> UnsafeMutablePointer<Double> {
        let place = sums.base + frame * 2 * channels
        place.update(repeating: 0, count: 2 * channels)
        return place
    }

    /// Sums for one frame's moments, around the running mean, which is near: so little is lost where a mean is large.
    func addMoments(_ y: FloatMap, frame: Int) {
        var shape = shape(y, y, mean: runningMean)
        kernels.training.normMoments(cleared(frame), y.pixels + frame * y.mapStride, &shape)
    }

    /// This part's channels, once all frames are summed: batch statistics, or the running ones.
    func finishMoments(usesBatch: Bool, _ part: Part) {
        let count = Double(frames * area)
        if usesBatch, part.index == 0 { batchesTracked += 1 }
        for c in part.range(of: channels, group: kernels.layout.lanes) {
            var center = Double(runningMean.base[c]), variance = Double(runningVariance.base[c])
            if usesBatch {
                let (sum, squares) = total(c)
                let distance = sum / count
                center += distance
                variance = max(0, squares / count - distance * distance)
                let unbiased = variance * count / max(1, count - 1)
                runningMean.base[c] += Float(Self.momentum * (center - Double(runningMean.base[c])))
                runningVariance.base[c] += Float(Self.momentum * (unbiased - Double(runningVariance.base[c])))
            }
            inverse.base[c] = 1 / (variance + Self.epsilon).squareRoot()
            let factor = Double(weight[c]) * inverse.base[c]
            mean.base[c] = Float(center)
            scale.base[c] = Float(factor)
            shift.base[c] = Float(Double(bias[c]) - center * factor)
        }
    }

    private func total(_ c: Int) -> (Double, Double) {
        var (first, second) = (0.0, 0.0)
        for frame in 0..<frames {
            first += sums.base[frame * 2 * channels + c]
            second += sums.base[(frame * 2 + 1) * channels + c]
        }
        return (first, second)
    }

    /// y of a frame → x, at `index` of its map.
    func forward(_ y: FloatMap, frame: Int, into x: FloatMap, at index: Int) {
        var shape = shape(y, x, mean: mean)
        kernels.training.normForward(x.mutablePixels + index * x.mapStride, y.pixels + frame * y.mapStride, &shape)
    }

    /// Sums for one frame's share in the gradients; `dx`: the gradient of x.
    func addGradients(_ dx: FloatMap, _ y: FloatMap, frame: Int) {
        var shape = shape(y, dx, mean: mean)
        kernels.training.normSums(
            cleared(frame), dx.pixels + frame * dx.mapStride, y.pixels + frame * y.mapStride, &shape)
    }

    /// This part's channels, once all frames are summed: the gradients of weight and bias, and what `backward` needs.
    func finishGradients(usesBatch: Bool, _ part: Part) {
        let count = Double(frames * area)
        for c in part.range(of: channels, group: kernels.layout.lanes) {
            let (sum, products) = total(c)
            biasGradient[c] = Float(sum)
            weightGradient[c] = Float(products * inverse.base[c])
            let factor = Double(weight[c]) * inverse.base[c]
            alpha.base[c] = Float(factor)
            // What a pixel takes from the batch's mean and variance; running averages do not depend on it.
            let share = usesBatch ? factor / count : 0
            beta.base[c] = Float(-share * products * inverse.base[c] * inverse.base[c])
            gamma.base[c] = Float(-share * sum)
        }
    }

    /// The gradient of a frame's x → that of its y, at `index` of a map of the same shape (or in place).
    func backward(_ dx: FloatMap, _ y: FloatMap, frame: Int, into dy: FloatMap, at index: Int) {
        var shape = shape(y, dx, mean: mean)
        kernels.training.normBackward(
            dy.mutablePixels + index * dy.mapStride, dx.pixels + frame * dx.mapStride,
            y.pixels + frame * y.mapStride, &shape)
    }
}
