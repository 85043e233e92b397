import ArgumentParser

/// Options that take a number: what follows is their value also where it begins with a dash. Of -5 it could else only be said that
/// a value is missing, and not which values there are.
extension Option {
    init(wrappedValue: Value, number help: ArgumentHelp) where Value: ExpressibleByArgument {
        self.init(wrappedValue: wrappedValue, parsing: .unconditional, help: help)
    }

    init<Number: ExpressibleByArgument>(number help: ArgumentHelp) where Value == Number? {
        self.init(parsing: .unconditional, help: help)
    }
}
