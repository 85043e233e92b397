import Glibc

/// Someone in the street: how they look. Positions are scene units; `foot` is the row that the feet stand on.
struct Person {
    var height: Float
    var coat: Colour
    var trousers: Colour
    var hair: Colour
    var skin: Colour
    var bag: Colour?

    /// The person that `random` makes.
    init(_ random: inout KeyedRandom, foot: Float) {
        height = random.next(0.235...0.285) * Street.nearness(foot)
        coat = random.pick([
            Colour(196, 44, 48), Colour(36, 78, 160), Colour(34, 112, 74), Colour(60, 56, 64), Colour(206, 158, 40),
            Colour(110, 60, 130), Colour(150, 110, 78), Colour(48, 124, 140),
        ])
        trousers = random.pick([Colour(38, 44, 66), Colour(58, 54, 52), Colour(96, 84, 70), Colour(34, 34, 38)])
        hair = random.pick([Colour(44, 32, 26), Colour(98, 66, 38), Colour(24, 22, 24), Colour(150, 122, 76)])
        skin = random.pick([Colour(226, 178, 148), Colour(170, 118, 84), Colour(112, 74, 54), Colour(238, 196, 168)])
        bag = random.next(0...1) < 0.4 ? random.pick([Colour(52, 44, 40), Colour(120, 48, 44)]) : nil
    }

    /// Draws the person walking: `phase` is radians of the step, `facing` 1 to the right and −1 to the left.
    func walk(_ painter: Painter, x: Float, foot: Float, phase: Float, facing: Float) {
        let h = height
        shadow(painter, x, foot, h * 0.24)
        let bob = abs(sin(phase)) * 0.012 * h
        let hip = foot - 0.47 * h - bob
        let shoulder = foot - 0.8 * h - bob
        for side in [Float(-1), 1] {
            let swing = sin(phase) * side
            limb(painter, x, shoulder + 0.03 * h, -swing * 0.4 * facing, 0.36 * h, 0.034 * h, coat.lit(0.82))
        }
        for side in [Float(1), -1] {
            let swing = sin(phase) * side * 0.42 * facing
            leg(painter, x, hip, foot, swing, side < 0 ? 1 : 0.8, facing)
        }
        painter.fill(.capsule(x0: x, y0: shoulder + 0.06 * h, x1: x, y1: hip, radius: 0.085 * h), coat)
        if let bag {
            let at = x - 0.09 * h * facing
            painter.fill(
                .box(
                    left: at - 0.05 * h, top: shoulder + 0.06 * h, right: at + 0.05 * h, bottom: hip - 0.02 * h,
                    corner: 0.02 * h), bag)
        }
        head(painter, x + 0.012 * h * facing, shoulder - 0.075 * h)
    }

    /// Draws the person lying on the ground, or on the way there: `fall` 0 stands, 1 lies flat.
    func lie(_ painter: Painter, x: Float, foot: Float, fall: Float, facing: Float) {
        let h = height
        shadow(painter, x + fall * 0.45 * h * facing, foot, h * (0.24 + 0.36 * fall))
        let angle = fall * 1.5 * facing
        let (dx, dy) = (sin(angle), -cos(angle))
        let ground = foot - 0.06 * h * fall
        func at(_ along: Float) -> (Float, Float) { (x + dx * along * h, ground + dy * along * h) }
        let (hip, shoulder, top, knee) = (at(0.47), at(0.76), at(0.9), at(0.22))
        painter.fill(.capsule(x0: x, y0: ground, x1: hip.0, y1: hip.1, radius: 0.045 * h), trousers.lit(0.8))
        painter.fill(
            .capsule(x0: knee.0, y0: knee.1 - 0.06 * h * fall, x1: hip.0, y1: hip.1, radius: 0.05 * h), trousers)
        painter.fill(.capsule(x0: hip.0, y0: hip.1, x1: shoulder.0, y1: shoulder.1, radius: 0.085 * h), coat)
        painter.fill(
            .capsule(
                x0: shoulder.0, y0: shoulder.1, x1: shoulder.0 + 0.1 * h * facing,
                y1: foot - 0.04 * h * fall - 0.3 * h * (1 - fall),
                radius: 0.034 * h), coat.lit(0.82))
        head(painter, top.0, top.1)
    }

    /// Draws the person from behind on a wall, arms and legs spread; `phase` moves them.
    func climb(_ painter: Painter, x: Float, foot: Float, phase: Float) {
        let h = height
        let (hip, shoulder) = (foot - 0.42 * h, foot - 0.74 * h)
        for side in [Float(-1), 1] {
            let reach = sin(phase) * 0.08 * h * side
            painter.fill(
                .capsule(
                    x0: x + 0.07 * h * side, y0: shoulder + 0.03 * h, x1: x + 0.2 * h * side,
                    y1: shoulder - 0.2 * h + reach, radius: 0.036 * h), coat.lit(0.85))
            painter.fill(
                .capsule(
                    x0: x + 0.04 * h * side, y0: hip, x1: x + 0.17 * h * side, y1: foot - 0.05 * h - reach,
                    radius: 0.048 * h), trousers)
        }
        painter.fill(.capsule(x0: x, y0: shoulder + 0.06 * h, x1: x, y1: hip, radius: 0.1 * h), coat)
        painter.fill(.ellipse(x: x, y: shoulder - 0.08 * h, rx: 0.065 * h, ry: 0.08 * h), hair)
    }

    private func shadow(_ painter: Painter, _ x: Float, _ foot: Float, _ width: Float) {
        painter.shade(.ellipse(x: x + 0.2 * width, y: foot, rx: width, ry: 0.012), opacity: 0.4, blur: 0.012)
    }

    private func head(_ painter: Painter, _ x: Float, _ y: Float) {
        painter.fill(.ellipse(x: x, y: y, rx: 0.058 * height, ry: 0.075 * height), skin)
        painter.fill(.ellipse(x: x, y: y - 0.035 * height, rx: 0.062 * height, ry: 0.05 * height), hair)
    }

    private func limb(
        _ painter: Painter, _ x: Float, _ y: Float, _ angle: Float, _ length: Float, _ radius: Float, _ colour: Colour
    ) {
        painter.fill(
            .capsule(x0: x, y0: y, x1: x + sin(angle) * length, y1: y + cos(angle) * length, radius: radius), colour)
    }

    /// A leg of two parts; the knee bends in walking direction.
    private func leg(
        _ painter: Painter, _ x: Float, _ hip: Float, _ foot: Float, _ swing: Float, _ light: Float, _ facing: Float
    ) {
        let length = foot - hip
        let kneeX = x + sin(swing) * length * 0.5 + 0.03 * height * facing
        let kneeY = hip + length * 0.5
        let ankleX = x + sin(swing) * length
        let ankleY = foot - 0.018 * height - abs(sin(swing)) * 0.05 * height
        let colour = trousers.lit(light)
        painter.fill(.capsule(x0: x, y0: hip, x1: kneeX, y1: kneeY, radius: 0.05 * height), colour)
        painter.fill(.capsule(x0: kneeX, y0: kneeY, x1: ankleX, y1: ankleY, radius: 0.038 * height), colour)
        painter.fill(
            .capsule(x0: ankleX, y0: ankleY, x1: ankleX + 0.06 * height * facing, y1: ankleY, radius: 0.022 * height),
            Colour(30, 28, 28))
    }
}
