import Glibc

/// How each kind of anomaly is drawn. `time` runs in seconds since its start, `length` is its duration.
struct Incident {
    let kind: SyntheticAnomaly.Kind
    let length: Float
    /// The frame's width in scene units.
    let width: Float
    /// Follows from scene and anomaly: people look the same in every frame.
    let random: KeyedRandom

    /// The row that it stands on: people in front of it are drawn later.
    var foot: Float {
        switch kind {
        case .cyclist: 0.73
        case .van: 0.75
        case .dropped: 0.7
        case .fallen: 0.71
        case .climber: Street.wallFoot
        case .fire: 0.7
        }
    }

    /// Where in the frame it happens, 0.3…0.7 of the width.
    private var place: Float {
        var random = random
        return random.next(0.32...0.68) * width
    }

    /// Draws it at `time`; before its start and after its end there is only what is normal (someone who walks by).
    func draw(_ painter: Painter, time: Float) {
        let shows = time >= 0 && time < length
        switch kind {
        case .cyclist: if shows { cyclist(painter, time) }
        case .van: if shows { van(painter, time) }
        case .dropped: dropped(painter, time)
        case .fallen: fallen(painter, time)
        case .climber: if shows { climber(painter, time) }
        case .fire: if shows { fire(painter, time) }
        }
    }

    private func person(_ foot: Float) -> Person {
        var random = random
        _ = random.next(0...1)
        return Person(&random, foot: foot)
    }

    /// Crosses the whole frame in its time.
    private func cyclist(_ painter: Painter, _ time: Float) {
        let x = -0.25 + (width + 0.5) * time / length
        let (wheel, axle) = (Float(0.072), foot - 0.072)
        let black = Colour(26, 26, 30)
        painter.shade(.ellipse(x: x, y: foot, rx: 0.22, ry: 0.012), opacity: 0.4, blur: 0.012)
        func line(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float, _ radius: Float, _ colour: Colour) {
            painter.fill(.capsule(x0: x + x0, y0: y0, x1: x + x1, y1: y1, radius: radius), colour)
        }
        for side in [Float(-1), 1] {
            painter.fill(.ring(x: x + 0.115 * side, y: axle, radius: wheel, width: 0.008), black)
        }
        let frame = Colour(210, 40, 40)
        line(-0.115, axle, 0, axle, 0.006, frame)
        line(-0.115, axle, -0.05, axle - 0.11, 0.006, frame)
        line(0, axle, -0.05, axle - 0.11, 0.006, frame)
        line(-0.05, axle - 0.1, 0.085, axle - 0.11, 0.006, frame)
        line(0, axle, 0.085, axle - 0.11, 0.006, frame)
        line(0.115, axle, 0.08, axle - 0.15, 0.006, black)
        let pedal = time * 9
        for side in [Float(1), -1] {
            let (px, py) = (0.03 * cos(pedal) * side, axle + 0.03 * sin(pedal) * side)
            let knee: (Float, Float) = (0.05 + px * 0.5, axle - 0.09 + (py - axle) * 0.5)
            line(-0.05, axle - 0.14, knee.0, knee.1, 0.017, Colour(30, 32, 40))
            line(knee.0, knee.1, px, py, 0.012, Colour(226, 178, 148))
        }
        let shirt = Colour(250, 240, 90)
        line(-0.05, axle - 0.15, 0.035, axle - 0.25, 0.03, shirt)
        line(0.035, axle - 0.25, 0.08, axle - 0.16, 0.011, shirt)
        painter.fill(.ellipse(x: x + 0.07, y: axle - 0.3, rx: 0.024, ry: 0.03), Colour(226, 178, 148))
        painter.fill(.ellipse(x: x + 0.066, y: axle - 0.318, rx: 0.03, ry: 0.02), Colour(245, 245, 245))
    }

    /// Drives in, stands for the middle third, and drives on.
    private func van(_ painter: Painter, _ time: Float) {
        let (start, stop, end) = (Float(-0.4), place, width + 0.4)
        let part = time / length
        let x =
            part < 0.33
            ? stop + (start - stop) * (1 - part / 0.33) * (1 - part / 0.33)
            : part < 0.67 ? stop : stop + (end - stop) * (part - 0.67) / 0.33 * (part - 0.67) / 0.33
        let bottom = foot - 0.03
        func box(_ l: Float, _ t: Float, _ r: Float, _ b: Float, _ corner: Float, _ colour: Colour) {
            painter.fill(.box(left: x + l, top: t, right: x + r, bottom: b, corner: corner), colour)
        }
        painter.shade(.ellipse(x: x, y: foot, rx: 0.34, ry: 0.016), opacity: 0.55, blur: 0.012)
        box(-0.33, bottom - 0.3, 0.24, bottom, 0.02, Colour(240, 240, 236))
        box(0.1, bottom - 0.19, 0.34, bottom, 0.04, Colour(240, 240, 236))
        box(0.15, bottom - 0.27, 0.26, bottom - 0.15, 0.03, Colour(46, 54, 66))
        box(-0.33, bottom - 0.13, 0.33, bottom - 0.1, 0, Colour(36, 92, 170))
        box(-0.3, bottom - 0.25, 0.06, bottom - 0.15, 0.01, Colour(222, 224, 222))
        box(0.31, bottom - 0.09, 0.345, bottom - 0.06, 0.01, Colour(250, 236, 170))
        box(-0.335, bottom - 0.09, -0.32, bottom - 0.04, 0, Colour(190, 30, 30))
        box(-0.33, bottom - 0.025, 0.34, bottom, 0.01, Colour(70, 70, 74))
        for at in [Float(-0.2), 0.2] {
            painter.fill(.ellipse(x: x + at, y: foot - 0.045, rx: 0.055, ry: 0.055), Colour(28, 28, 30))
            painter.fill(.ellipse(x: x + at, y: foot - 0.045, rx: 0.026, ry: 0.026), Colour(150, 150, 154))
        }
    }

    /// Someone walks by with nothing to see, and a case stands there afterwards; someone walks by, and it is gone.
    private func dropped(_ painter: Painter, _ time: Float) {
        if time >= 0, time < length {
            let x = place
            painter.shade(.ellipse(x: x, y: foot, rx: 0.13, ry: 0.014), opacity: 0.5, blur: 0.012)
            func box(_ l: Float, _ t: Float, _ r: Float, _ b: Float, _ corner: Float, _ colour: Colour) {
                painter.fill(.box(left: x + l, top: t, right: x + r, bottom: b, corner: corner), colour)
            }
            box(-0.035, foot - 0.29, 0.035, foot - 0.23, 0.014, Colour(20, 20, 24))
            box(-0.022, foot - 0.275, 0.022, foot - 0.23, 0.008, Colour(150, 148, 142))
            box(-0.15, foot - 0.24, 0.15, foot - 0.004, 0.02, Colour(238, 226, 150))
            box(-0.15, foot - 0.13, 0.15, foot - 0.115, 0, Colour(120, 96, 60))
            box(-0.065, foot - 0.24, -0.055, foot - 0.004, 0, Colour(92, 80, 96))
            box(0.055, foot - 0.24, 0.065, foot - 0.004, 0, Colour(92, 80, 96))
        }
        passer(painter, time, facing: 1, front: foot + 0.02)
        passer(painter, time - length, facing: -1, front: foot + 0.02)
    }

    /// Someone who passes the place at `time` 0.
    private func passer(_ painter: Painter, _ time: Float, facing: Float, front: Float) {
        let speed: Float = 0.2
        let x = place + speed * time * facing
        guard x > -0.15, x < width + 0.15 else { return }
        let who = person(front)
        who.walk(painter, x: x, foot: front, phase: stepAngle(time, speed, who.height), facing: facing)
    }

    /// Walks in, falls in 0.5 s, lies, gets up in 1 s and walks on.
    private func fallen(_ painter: Painter, _ time: Float) {
        let speed: Float = 0.2
        let who = person(foot)
        if time >= 0, time < length {
            let fall = min(1, min(time / 0.5, (length - time) / 1))
            who.lie(painter, x: place, foot: foot, fall: fall * fall * (3 - 2 * fall), facing: 1)
        } else {
            let walked = time < 0 ? time : time - length
            let x = place + speed * walked
            guard x > -0.15, x < width + 0.15 else { return }
            who.walk(painter, x: x, foot: foot, phase: stepAngle(walked, speed, who.height), facing: 1)
        }
    }

    /// Up the wall in the first 40 % of the time, at the window, and down again.
    private func climber(_ painter: Painter, _ time: Float) {
        let part = time / length
        let rise = min(1, min(part, 1 - part) / 0.4)
        var random = random
        var who = Person(&random, foot: 0.6)
        who.coat = Colour(24, 24, 28)
        who.trousers = Colour(30, 30, 36)
        who.height = 0.27
        who.climb(painter, x: place, foot: 0.56 - 0.22 * rise, phase: rise < 1 ? time * 6 : 0)
    }

    private func fire(_ painter: Painter, _ time: Float) {
        let x = place
        let grown = min(1, min(time / 0.6, (length - time) / 0.6))
        for puff in 0..<9 {
            let age = (time * 0.35 + Float(puff) / 9).truncatingRemainder(dividingBy: 1)
            let drift = sin(Float(puff) * 2.4 + time * 0.7) * 0.03
            painter.fill(
                .ellipse(
                    x: x + drift + age * 0.1, y: foot - 0.16 - age * 0.42, rx: 0.06 + 0.12 * age, ry: 0.05 + 0.1 * age
                ),
                Colour(30, 28, 28), opacity: grown * 0.9 * (1 - age), blur: 0.02)
        }
        painter.fill(.ellipse(x: x, y: foot, rx: 0.13, ry: 0.02), Colour(40, 34, 30), opacity: grown, blur: 0.01)
        for tongue in 0..<7 {
            let at = x + (Float(tongue) - 3) * 0.027
            let flicker = 0.75 + 0.25 * sin(time * (11 + Float(tongue) * 1.7) + Float(tongue) * 1.9)
            let tall = grown * flicker * (0.2 - 0.035 * abs(Float(tongue) - 3))
            let lean = sin(time * 5 + Float(tongue)) * 0.015
            painter.fill(
                .capsule(x0: at, y0: foot - 0.015, x1: at + lean, y1: foot - tall, radius: 0.022 * grown),
                Colour(255, 150, 36), opacity: 0.85, blur: 0.006)
            painter.fill(
                .capsule(x0: at, y0: foot - 0.015, x1: at + lean * 0.5, y1: foot - tall * 0.62, radius: 0.013 * grown),
                Colour(255, 240, 150), opacity: 0.9, blur: 0.005)
        }
    }
}

/// The angle of the step of someone `height` tall who has walked for `time` at `speed`: one step is 0.42 heights.
func stepAngle(_ time: Float, _ speed: Float, _ height: Float) -> Float { time * speed / (0.42 * height) * .pi }
