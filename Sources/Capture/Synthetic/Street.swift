import Glibc
import Video

/// The street's fixed lines, in scene units (the frame's height is 1).
enum Street {
    /// Where house walls meet the pavement.
    static let wallFoot: Float = 0.54
    /// The pavement's far edge is the wall's foot; this is its near edge.
    static let kerb: Float = 0.77
    /// The first row of the road.
    static let road: Float = 0.79
    /// Where people's feet go.
    static let walkway: ClosedRange<Float> = 0.62...0.74

    /// How much larger something at `foot` looks than at the wall's foot.
    static func nearness(_ foot: Float) -> Float { 0.86 + (foot - wallFoot) * 1.2 }

    /// Paints everything that never moves: sky, houses, pavement, road.
    static func paint(_ painter: Painter, seed: UInt64) {
        paintMaterials(painter, seed)
        paintHouses(painter, seed)
        paintTexture(painter, seed)
    }

    /// Sky, pavement slabs, kerb and road, pixel by pixel.
    private static func paintMaterials(_ painter: Painter, _ seed: UInt64) {
        let (size, unit) = (painter.size, 1 / Float(painter.size.height))
        let clouds = ValueNoise(seed: seed &+ 11)
        let centre = Float(size.width) * unit / 2
        for row in 0..<size.height {
            for column in 0..<size.width {
                let (x, y) = ((Float(column) + 0.5) * unit, (Float(row) + 0.5) * unit)
                let colour =
                    y < wallFoot ? sky(x, y, clouds) : y < road ? pavement(x - centre, y) : asphalt(x - centre, y)
                painter.y[row * size.width + column] = UInt8(max(0, min(255, colour.y)))
                if row % 2 == 0, column % 2 == 0 {
                    let at = row / 2 * painter.chromaSize.width + column / 2
                    painter.cb[at] = UInt8(max(0, min(255, colour.cb)))
                    painter.cr[at] = UInt8(max(0, min(255, colour.cr)))
                }
            }
        }
    }

    private static func sky(_ x: Float, _ y: Float, _ clouds: ValueNoise) -> Colour {
        let cloud = max(0, clouds(x * 3, y * 9) + 0.1)
        return Colour(158 + 80 * y + 70 * cloud, 192 + 50 * y + 40 * cloud, 228 + 10 * cloud)
    }

    /// Slabs in perspective: joints run towards a vanishing point above the middle.
    private static func pavement(_ x: Float, _ y: Float) -> Colour {
        if y >= kerb { return Colour(196, 194, 188) }
        let depth = 1 / (y - 0.15)
        let (u, v) = (x * depth * 4.2, depth * 11)
        let row = v.rounded(.down)
        let shifted = u + (Int(row) % 2 == 0 ? 0.5 : 0)
        let slab = slabTone(Int(shifted.rounded(.down)), Int(row))
        let joint: Float = min(v - row, shifted - shifted.rounded(.down)) < 0.055 ? -22 : 0
        let tone = 164 + slab * 9 + joint
        return Colour(tone + 3, tone, tone - 7)
    }

    private static func asphalt(_ x: Float, _ y: Float) -> Colour {
        if y < road + 0.012 { return Colour(78, 78, 80) }
        let depth = 1 / (y - 0.15)
        let dash = x * depth * 2.4
        let isLine = y > 0.905 && y < 0.925 && dash - dash.rounded(.down) < 0.55
        return isLine ? Colour(214, 212, 204) : Colour(92, 93, 97)
    }

    private static func slabTone(_ a: Int, _ b: Int) -> Float {
        let key = UInt64(truncatingIfNeeded: a) &* 0x9E37_79B9 &+ UInt64(truncatingIfNeeded: b)
        return Float(mix(key) >> 40) / Float(1 << 23) - 1
    }

    /// A row of houses from left to right, each with roof, windows and a door.
    private static func paintHouses(_ painter: Painter, _ seed: UInt64) {
        let walls = [
            Colour(168, 84, 66), Colour(222, 206, 170), Colour(120, 140, 152), Colour(206, 160, 96),
            Colour(190, 196, 186), Colour(150, 98, 90),
        ]
        let width = Float(painter.size.width) / Float(painter.size.height)
        var random = KeyedRandom(seed, 21)
        var left: Float = random.next(-0.25...(-0.05))
        var previous = -1
        var number: UInt64 = 0
        while left < width {
            var index = Int(random.next(0...5.99))
            if index == previous { index = (index + 1) % walls.count }
            previous = index
            let right = left + random.next(0.3...0.42)
            paintHouse(painter, left, right, random.next(0.1...0.17), walls[index], KeyedRandom(seed, 22, number))
            left = right
            number += 1
        }
    }

    private static func paintHouse(
        _ painter: Painter, _ left: Float, _ right: Float, _ eaves: Float, _ wall: Colour, _ random: KeyedRandom
    ) {
        var random = random
        func box(_ l: Float, _ t: Float, _ r: Float, _ b: Float, _ colour: Colour) {
            painter.fill(.box(left: l, top: t, right: r, bottom: b, corner: 0), colour)
        }
        let roof = random.pick([Colour(84, 78, 84), Colour(122, 74, 60), Colour(70, 76, 88)])
        let chimney = left + random.next(0.05...0.2)
        box(chimney, eaves - 0.1, chimney + 0.035, eaves, wall.lit(0.75))
        box(left, eaves - 0.06, right, eaves, roof)
        box(left, eaves, right, wallFoot, wall)
        box(left, eaves, right, eaves + 0.012, wall.lit(1.25))
        box(left, wallFoot - 0.03, right, wallFoot, wall.lit(0.6))
        box(right - 0.005, eaves, right, wallFoot, wall.lit(0.7))
        let columns = 3
        let pitch = (right - left) / Float(columns)
        let doorColumn = Int(random.next(0...2.99))
        let door = random.pick([Colour(40, 84, 62), Colour(96, 40, 36), Colour(44, 56, 98), Colour(84, 62, 44)])
        for column in 0..<columns {
            let middle = left + pitch * (Float(column) + 0.5)
            paintWindow(painter, middle, eaves + 0.045, 0.1, random.next(0...1))
            if column == doorColumn {
                box(middle - 0.036, 0.375, middle + 0.036, wallFoot, Colour(214, 208, 198))
                box(middle - 0.028, 0.385, middle + 0.028, wallFoot, door)
                box(middle - 0.02, 0.395, middle + 0.02, 0.425, Colour(58, 70, 84))
                box(middle - 0.045, wallFoot - 0.008, middle + 0.045, wallFoot + 0.012, Colour(150, 148, 142))
            } else {
                paintWindow(painter, middle, 0.345, 0.125, random.next(0...1))
            }
        }
    }

    private static func paintWindow(_ painter: Painter, _ x: Float, _ top: Float, _ height: Float, _ kind: Float) {
        func box(_ l: Float, _ t: Float, _ r: Float, _ b: Float, _ colour: Colour) {
            painter.fill(.box(left: l, top: t, right: r, bottom: b, corner: 0), colour)
        }
        let half: Float = 0.034
        box(x - half - 0.007, top - 0.007, x + half + 0.007, top + height + 0.007, Colour(226, 222, 214))
        let glass = kind > 0.8 ? Colour(196, 172, 112) : Colour(52, 64, 82)
        box(x - half, top, x + half, top + height, glass)
        if kind < 0.45 {
            box(x - half, top, x - half + 0.018, top + height, Colour(176, 170, 164))
            box(x + half - 0.018, top, x + half, top + height, Colour(176, 170, 164))
        }
        box(x - 0.003, top, x + 0.003, top + height, Colour(226, 222, 214))
        box(x - half, top + height * 0.42, x + half, top + height * 0.42 + 0.006, Colour(226, 222, 214))
        box(x - half - 0.012, top + height + 0.006, x + half + 0.012, top + height + 0.016, Colour(190, 186, 178))
    }

    /// Stains and grain on everything but the sky; courses of brick on the walls.
    private static func paintTexture(_ painter: Painter, _ seed: UInt64) {
        let (size, unit) = (painter.size, 1 / Float(painter.size.height))
        let (stains, grain) = (ValueNoise(seed: seed &+ 31), ValueNoise(seed: seed &+ 32))
        for row in Int(0.1 * Float(size.height))..<size.height {
            let y = (Float(row) + 0.5) * unit
            let stretch: Float = y < wallFoot ? 1 : 3
            let course: Float = y < wallFoot && (y * 90 - (y * 90).rounded(.down)) < 0.3 ? -5 : 0
            for column in 0..<size.width {
                let x = (Float(column) + 0.5) * unit
                let at = row * size.width + column
                let old = Float(painter.y[at])
                guard y > 0.17 || old < 150 else { continue }
                let change = stains(x * 7, y * 7 * stretch) * 7 + grain(x * 70, y * 70) * 6 + course
                painter.y[at] = UInt8(max(0, min(255, old + change)))
            }
        }
    }
}
