/// The network's operations from their definitions, in float64, on PyTorch's layouts: [channels][height][width] maps and
/// weights as in a state_dict. `magnitude` is the sum of the terms' absolute values: what rounding is relative to.
enum Oracle {
    struct Map {
        var channels, height, width: Int
        var values: [Double]
        var magnitude: [Double]

        init(channels: Int, height: Int, width: Int, values: [Double]? = nil) {
            (self.channels, self.height, self.width) = (channels, height, width)
            self.values = values ?? Array(repeating: 0, count: channels * height * width)
            magnitude = Array(repeating: 0, count: channels * height * width)
        }

        func index(_ c: Int, _ y: Int, _ x: Int) -> Int { (c * height + y) * width + x }

        /// Zero outside.
        func at(_ c: Int, _ y: Int, _ x: Int) -> Double {
            y >= 0 && y < height && x >= 0 && x < width ? values[index(c, y, x)] : 0
        }
    }

    static func convolution(_ input: Map, weights: [Float], bias: [Float], outputs: Int, stride: Int) -> Map {
        var out = Map(channels: outputs, height: input.height / stride, width: input.width / stride)
        for o in 0..<outputs {
            for y in 0..<out.height {
                for x in 0..<out.width {
                    var (sum, magnitude) = (Double(bias[o]), abs(Double(bias[o])))
                    for c in 0..<input.channels {
                        for tap in 0..<9 {
                            let w = Double(weights[(o * input.channels + c) * 9 + tap])
                            let term = w * input.at(c, y * stride + tap / 3 - 1, x * stride + tap % 3 - 1)
                            sum += term
                            magnitude += abs(term)
                        }
                    }
                    out.values[out.index(o, y, x)] = sum
                    out.magnitude[out.index(o, y, x)] = magnitude
                }
            }
        }
        return out
    }

    /// By its definition: every input pixel throws its kernel onto the output, at 2 y - 1 + ky.
    static func transposed(_ input: Map, weights: [Float], bias: [Float], outputs: Int) -> Map {
        var out = Map(channels: outputs, height: 2 * input.height, width: 2 * input.width)
        for o in 0..<outputs {
            for index in 0..<out.height * out.width {
                out.values[o * out.height * out.width + index] = Double(bias[o])
                out.magnitude[o * out.height * out.width + index] = abs(Double(bias[o]))
            }
            for c in 0..<input.channels {
                for pixel in 0..<input.height * input.width {
                    for tap in 0..<9 {
                        let y = 2 * (pixel / input.width) - 1 + tap / 3
                        let x = 2 * (pixel % input.width) - 1 + tap % 3
                        guard y >= 0, y < out.height, x >= 0, x < out.width else { continue }
                        let w = Double(weights[(c * outputs + o) * 9 + tap])
                        let term = w * input.values[c * input.height * input.width + pixel]
                        out.values[out.index(o, y, x)] += term
                        out.magnitude[out.index(o, y, x)] += abs(term)
                    }
                }
            }
        }
        return out
    }

    static func linear(_ input: [Double], weights: [Float], bias: [Float]) -> (values: [Double], magnitude: [Double]) {
        var (values, magnitude) = ([Double](), [Double]())
        for row in bias.indices {
            var (sum, size) = (Double(bias[row]), abs(Double(bias[row])))
            for (index, x) in input.enumerated() {
                let term = x * Double(weights[row * input.count + index])
                sum += term
                size += abs(term)
            }
            values.append(sum)
            magnitude.append(size)
        }
        return (values, magnitude)
    }
}
