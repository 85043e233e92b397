import Kernels
import Model

/// The least time that a step can take on these cores: for each layer the larger of its arithmetic at the measured peak
/// and of its traffic at the measured bandwidth, one after another.
struct Roofline {
    let peaks: Peaks
    /// Cameras whose frames are in one step: weights are read once for all of them.
    var batch = 1

    /// Where a layer's weights lie when it begins.
    enum Weights {
        /// In the level of the caches that holds so many bytes in use.
        case cached(Int)
        /// In memory: all caches were emptied before the step.
        case evicted
    }

    /// Milliseconds of one layer. Activations come from where the layers before have just left them.
    func milliseconds(_ cost: LayerCost, weights: Weights) -> Double {
        let weightRate =
            switch weights {
            case .cached(let byteCount): peaks.bandwidth(workingSet: byteCount)
            case .evicted: peaks.memoryBandwidth
            }
        let activations = batch * cost.activationByteCount
        let traffic =
            Double(cost.weightByteCount) / weightRate + Double(activations) / peaks.bandwidth(workingSet: activations)
        let rate = cost.multipliesBytes ? peaks.byteRate : peaks.floatRate
        return max(2 * Double(batch * cost.multiplyAdds) / rate, traffic) * 1e-6
    }

    /// Milliseconds of a whole step, weights where a step leaves them.
    func milliseconds(_ layers: [LayerRun]) -> Double {
        let all = layers.reduce(0) { $0 + $1.cost.weightByteCount }
        return layers.reduce(0) { $0 + milliseconds($1.cost, weights: .cached(all)) }
    }

    /// Milliseconds of a whole step after the caches were emptied.
    func coldMilliseconds(_ layers: [LayerRun]) -> Double {
        layers.reduce(0) { $0 + milliseconds($1.cost, weights: .evicted) }
    }
}
