import Kernels
import Model
import Testing

@testable import Training

/// The article's numbers, and PyTorch's one-cycle schedule.
@Suite struct RecipeTests {
    @Test func theArticlesRecipeIsTheArticles() {
        let article = Recipe.article
        #expect(article.window == 4 && article.batch == 16 && article.iterations == 10_000 && !article.carriesState)
        #expect(article.learningRate == 1e-4 && article.weightDecay == 1e-5 && article.gradientLimit == nil)
        #expect(article.schedule == .constant && article.light == BatchFiller.Light() && article.patience == nil)
    }

    /// From torch.optim.lr_scheduler.OneCycleLR(Adam, 2e-3, total_steps=100, pct_start=0.1): step, learning rate, beta1.
    static let torch: [(Int, Double, Double)] = [
        (0, 7.999999999999999e-05, 0.95), (1, 0.000137895084045528, 0.9469846310392954),
        (5, 0.0012067022505602531, 0.8913175911166534), (9, 0.002, 0.85),
        (10, 0.0019993908294557877, 0.8500304586490451), (50, 0.0011391765442676615, 0.8930413449519967),
        (98, 6.171705442123142e-07, 0.9499695413509548), (99, 8e-09, 0.95),
    ]

    @Test(arguments: torch) func oneCycleIsPyTorchs(_ step: Int, _ rate: Double, _ beta1: Double) {
        let cycle = OneCycle(highest: 2e-3, iterations: 100)
        #expect(abs(cycle.learningRate(at: step) / rate - 1) < 1e-9)
        #expect(abs(cycle.beta1(at: step) - beta1) < 1e-12)
    }

    @Test(arguments: [1, 2, 5, 11, 20]) func shortCyclesAreFinite(_ iterations: Int) {
        let cycle = OneCycle(highest: 1e-3, iterations: iterations)
        for iteration in 0..<iterations {
            #expect((1e-10...1e-3).contains(cycle.learningRate(at: iteration)))
            #expect((0.849...0.951).contains(cycle.beta1(at: iteration)))
        }
    }

    @Test func nonsenseIsRefused() {
        func problem(_ change: (inout Recipe) -> Void) -> String? {
            var recipe = Recipe.stream
            change(&recipe)
            return recipe.problem
        }
        #expect(problem { _ in } == nil && Recipe.article.problem == nil)
        #expect(problem { $0.iterations = 0 }?.contains("iterations") == true)
        #expect(problem { $0.window = 257 }?.contains("window") == true)
        #expect(problem { $0.batch = 1 }?.contains("batch") == true)
        #expect(problem { $0.learningRate = .nan }?.contains("learning rate") == true)
        #expect(problem { $0.judgements = 0 }?.contains("judgements") == true)
    }

    /// The estimate against the maps that a trainer really has.
    @Test(
        arguments: [
            Topology.article, Topology(size: 64, widths: [8, 16, 32, 64, 64], latent: 32, hidden: 64),
            Topology(size: 32, widths: [5, 17, 8, 40, 3], latent: 7, hidden: 12),
            Topology(size: 16, widths: [4, 4, 8, 8, 8], latent: 4, hidden: 6),
            Topology(size: 128, widths: [16, 16, 32, 32, 64], latent: 32, hidden: 32),
        ])
    func aStepsMemoryIsKnownBefore(_ topology: Topology) {
        var recipe = Recipe.stream
        (recipe.batch, recipe.window) = (4, 6)
        let layers = Layers(
            topology, ParameterStore(topology, kernels: .best), batch: recipe.batch, window: recipe.window, threads: 1,
            kernels: .best)
        var seen = Set<ObjectIdentifier>()
        let levels = layers.encoder + layers.decoder
        let maps =
            [layers.picture, layers.coded, layers.codedGradient, layers.flat, layers.decoded, layers.output]
            + levels.flatMap { [$0.y, $0.x.map, $0.dx, $0.dy.map] }
        let real = maps.filter { $0.capacity > 1 && seen.insert(ObjectIdentifier($0)).inserted }
            .reduce(0) { $0 + $1.mapStride * $1.capacity * MemoryLayout<Float>.size }
        let share = Double(recipe.memoryByteCount(topology)) / Double(real)
        #expect((0.95...1.5).contains(share), "\(share)")
        #expect(recipe.problem(topology, memory: recipe.memoryByteCount(topology)) == nil)
        #expect(
            recipe.problem(topology, memory: recipe.memoryByteCount(topology) - 1)?.contains("GiB of memory") == true)
    }

    @Test func whatIsWrongElsewhereIsSaidFirst() {
        var recipe = Recipe.stream
        recipe.window = 0
        #expect(recipe.problem(.article, memory: 0)?.contains("window") == true)
        #expect(
            Recipe.stream.problem(Topology(size: 20, widths: [], latent: 1, hidden: 1), memory: 0)?.contains("20")
                == true)
    }
}
