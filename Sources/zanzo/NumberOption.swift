import ArgumentParser
import Service
import Video

/// Options that take a number: what follows is their value also where it begins with a dash. Of -5 it could else only be said that
/// a value is missing, and not which values there are.
extension Option {
    init(wrappedValue: Value, number help: ArgumentHelp) where Value: ExpressibleByArgument {
        self.init(wrappedValue: wrappedValue, parsing: .unconditional, help: help)
    }

    /// Frames a second, such as 5, 12.5 or 30/m: the same values, and the same words where it is none, for every command.
    init(rate help: ArgumentHelp) where Value == Double? {
        self.init(parsing: .unconditional, help: help) { text in
            guard let rate = Quantity.rate(text) else {
                throw ValidationError("write \(Rate.words), such as 5, 12.5 or 30/m")
            }
            return rate
        }
    }

    init<Number: ExpressibleByArgument>(number help: ArgumentHelp) where Value == Number? {
        self.init(parsing: .unconditional, help: help)
    }
}
