/// The squared error between a frame and its reconstruction, computed from their bytes.
struct ErrorMap {
    /// One value a pixel, 0…4.
    let values: [Float]
    /// The mean over all pixels.
    let mean: Double
    /// The largest value.
    let maximum: Double

    /// e = (x − x̂)² with x = byte / 127.5 − 1, as the model sees it.
    init(_ luma: UnsafeBufferPointer<UInt8>, _ reconstruction: UnsafeBufferPointer<UInt8>, count: Int) {
        precondition(luma.count >= count && reconstruction.count >= count, "fewer bytes than pixels")
        var sum = 0.0
        var largest: Float = 0
        values = [Float](unsafeUninitializedCapacity: count) { values, initialized in
            for index in 0..<count {
                let difference = (Float(luma[index]) - Float(reconstruction[index])) / 127.5
                let squared = difference * difference
                values[index] = squared
                sum += Double(squared)
                largest = max(largest, squared)
            }
            initialized = count
        }
        mean = count > 0 ? sum / Double(count) : 0
        maximum = Double(largest)
    }
}
