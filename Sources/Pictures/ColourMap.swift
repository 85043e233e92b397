import Glibc

/// A perceptually uniform map from 0…1 to colours.
public struct ColourMap: Sendable {
    /// 256 colours, three bytes each, from 0 to 1.
    let table: [UInt8]

    /// The colour of `value`, which is clamped to 0…1; NaN is the colour of 0.
    public subscript(value: Double) -> Colour {
        let index = Self.index(of: value)
        return Colour(table[3 * index], table[3 * index + 1], table[3 * index + 2])
    }

    static func index(of value: Double) -> Int {
        guard value > 0 else { return 0 }
        return value >= 1 ? 255 : Int(value * 255 + 0.5)
    }

    /// "Inferno": black over purple and orange to pale yellow, readable in grey and by the colour-blind.
    ///
    /// By Stéfan van der Walt and Nathaniel Smith (matplotlib, CC0), as the polynomial of degree 6 which Matt Zucker fitted
    /// to it (shadertoy.com/view/WlfXRN, CC0); within 3 codes of matplotlib's table over most of its length.
    public static let inferno = ColourMap(polynomials: [
        [
            0.0002189403691192265, 0.1065134194856116, 11.60249308247187, -41.70399613139459, 77.162935699427,
            -71.31942824499214, 25.13112622477341,
        ],
        [
            0.001651004631001012, 0.5639564367884091, -3.972853965665698, 17.43639888205313, -33.40235894210092,
            32.62606426397723, -12.24266895238567,
        ],
        [
            -0.01948089843709184, 3.932712388889277, -15.9423941062914, 44.35414519872813, -81.80730925738993,
            73.20951985803202, -23.07032500287172,
        ],
    ])

    /// `polynomials`: coefficients of red, green and blue, from the constant term upwards.
    private init(polynomials: [[Double]]) {
        table = (0..<256).flatMap { index in
            let x = Double(index) / 255
            return polynomials.map { coefficients in
                let value = coefficients.reversed().reduce(0) { $0 * x + $1 }
                return UInt8(min(max(value, 0), 1) * 255 + 0.5)
            }
        }
    }
}

/// A colour of eight bits a channel (sRGB).
public struct Colour: Sendable, Hashable {
    /// Red.
    public var red: UInt8
    /// Green.
    public var green: UInt8
    /// Blue.
    public var blue: UInt8

    /// The colour of these three channels.
    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// This colour laid over `under` with an opacity of `alpha`, 0…1.
    func over(_ under: Colour, alpha: Double) -> Colour {
        func mix(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8(Double(a) * alpha + Double(b) * (1 - alpha) + 0.5) }
        return Colour(mix(red, under.red), mix(green, under.green), mix(blue, under.blue))
    }
}

/// The colours of all of Zanzo's pictures, so that they look like one family.
package enum Theme {
    /// Behind everything.
    package static let background = Colour(0x14, 0x16, 0x1B)
    /// Behind a plot or a panel.
    package static let panel = Colour(0x1D, 0x20, 0x27)
    /// A panel's edge.
    package static let edge = Colour(0x3A, 0x40, 0x4B)
    /// What is read first.
    package static let text = Colour(0xEC, 0xEE, 0xF2)
    /// What is read second.
    package static let quiet = Colour(0x9A, 0xA3, 0xB0)
    /// A plot's line.
    package static let line = Colour(0x63, 0xC7, 0xF5)
    /// The alarm line.
    package static let threshold = Colour(0xFF, 0x6B, 0x6B)
    /// An event.
    package static let event = Colour(0xFF, 0xB3, 0x2C)
}
