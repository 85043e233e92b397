import Video

/// How frames are had from a device, once it has been asked: the outcome of a negotiation.
struct V4L2Agreement {
    /// What is done with a buffer.
    enum Reading {
        /// It is the frame.
        case asItIs(V4L2Layout)
        /// It is a JPEG picture.
        case jpeg
        /// libv4l makes a YU12 frame of it.
        case converted(V4L2Layout)
    }

    var format: V4L2Format
    var rate: Double?
    var reading: Reading
}

/// Chooses pixel format, size and rate with a device, from nothing: what it was last time plays no part.
enum V4L2Negotiation {
    /// What is asked for where the owner does not say.
    static let defaultSize = FrameSize(width: 640, height: 480)
    /// The rate that a format should reach where the owner does not say.
    static let defaultRate = 15.0

    /// One format in one size that the device says it has.
    struct Candidate: Hashable {
        var fourCC: FourCC
        var size: FrameSize
        var distance: Int
        var isFastEnough: Bool
        /// Place in the order of preference.
        var rank: Int
    }

    /// Agrees with `device`; throws `.unsupported` where there is nothing to agree on, or the driver's own refusal.
    static func agree(
        _ device: any V4L2Device, _ options: SourceOptions, _ operation: String
    ) throws(CaptureError) -> V4L2Agreement {
        let offered = device.formats()
        if let name = options.pixelFormat, !offered.isEmpty, !offered.contains(FourCC(name.uppercased())) {
            throw CaptureError(
                .unsupported, operation,
                "it has no format \(name); it has \(offered.map(\.description).joined(separator: ", "))")
        }
        let wanted = options.size ?? defaultSize
        for candidate in candidates(device, offered, options) {
            let given = try attempt(operation) { () throws(V4L2Errno) in
                try device.setFormat(candidate.fourCC, candidate.size)
            }
            if let agreement = accept(given, device, options) { return agreement }
        }
        let conversion = try attempt(operation) { () throws(V4L2Errno) in try device.prepareConversion(to: wanted) }
        if let conversion, let layout = V4L2Layout(conversion.converted) {
            return V4L2Agreement(
                format: conversion.streamed, rate: device.setRate(options.rate), reading: .converted(layout))
        }
        throw CaptureError(
            .unsupported, operation,
            "none of its formats can be read: \(offered.map(\.description).joined(separator: ", "))")
    }

    /// What to try, best first: nearest size, then fast enough, then the cheapest to read.
    static func candidates(
        _ device: any V4L2Device, _ offered: [FourCC], _ options: SourceOptions
    ) -> [Candidate] {
        let order = V4L2Layout.native.dropLast().map(\.fourCC) + V4L2Layout.jpeg + [FourCC("GREY")]
        let wanted = options.size ?? defaultSize
        let asked = options.pixelFormat.map { FourCC($0.uppercased()) }
        var found: [Candidate] = []
        for (rank, fourCC) in order.enumerated() where offered.isEmpty || offered.contains(fourCC) {
            guard asked.map({ $0 == fourCC }) ?? true else { continue }
            let size = device.sizes(of: fourCC)?.nearest(to: wanted) ?? wanted
            let rates = device.rates(of: fourCC, size: size)
            let needed = options.rate ?? defaultRate
            found.append(
                Candidate(
                    fourCC: fourCC, size: size, distance: distance(size, wanted),
                    isFastEnough: rates.isEmpty || rates.contains { $0 >= needed * 0.95 }, rank: rank))
        }
        return found.sorted {
            ($0.distance, $0.isFastEnough ? 0 : 1, $0.rank) < ($1.distance, $1.isFastEnough ? 0 : 1, $1.rank)
        }
    }

    /// The driver may have changed everything: taken where it can be read all the same.
    private static func accept(
        _ given: V4L2Format, _ device: any V4L2Device, _ options: SourceOptions
    ) -> V4L2Agreement? {
        let reading: V4L2Agreement.Reading
        if let layout = V4L2Layout(given) {
            reading = .asItIs(layout)
        } else if V4L2Layout.jpeg.contains(given.fourCC) {
            reading = .jpeg
        } else {
            return nil
        }
        return V4L2Agreement(format: given, rate: device.setRate(options.rate), reading: reading)
    }

    private static func attempt<R>(
        _ operation: String, _ body: () throws(V4L2Errno) -> R
    ) throws(CaptureError) -> R {
        do throws(V4L2Errno) {
            return try body()
        } catch {
            throw V4L2Faults.error(error, operation)
        }
    }
}
