import ArgumentParser

/// Benchmarks of the network on this machine.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zanzo-bench",
        abstract: "Measure the network's step on this machine, and a step of its training.",
        discussion: "Times are of one core that does nothing else: pin the process and keep the machine quiet.",
        subcommands: [
            StepCommand.self, LayersCommand.self, LoadCommand.self, TrainStepCommand.self, RooflineCommand.self,
        ])
}
