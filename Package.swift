// swift-tools-version: 6.2
import PackageDescription

// The rooms of the house and who may import whom; docs/architecture.md draws them.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// The kernels are the one place where the optimiser's level matters more than a debugger: a debug build of the
// tests would otherwise spend its minutes in unoptimised C loops.
let kernelFlags: [CSetting] = [.unsafeFlags(["-O2"], .when(configuration: .debug))]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

// The same goes for the kernels' oracles, which are plain loops in Swift, and for Anomaly, whose statistics are tested
// over millions of scores.
let oracleFlags: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

func room(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict + settings)
}

let package = Package(
    name: "zanzo",
    products: [
        .executable(name: "zanzod", targets: ["zanzod"]),
        .executable(name: "zanzo", targets: ["zanzo"]),
        .executable(name: "zanzo-bench", targets: ["zanzo-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C leaves: a module map and a shim.h for each of Debian's libraries.
        .systemLibrary(name: "CFFmpeg"),
        .systemLibrary(name: "CV4L2"),
        .systemLibrary(name: "CPNG"),
        .systemLibrary(name: "CSystemd"),
        .systemLibrary(name: "CYAML"),
        .systemLibrary(name: "CLinux"),
        // Our own C: microkernels, and starting a program that never outlives us.
        .target(name: "CKernels", cSettings: kernelFlags),
        .target(name: "CChild"),

        room("Files", []),
        room("Video", []),
        room("Kernels", ["CKernels"]),
        room("Model", ["Files", "Kernels"]),
        room("Training", ["CKernels", "Files", "Kernels", "Model", "Video"]),
        room("Anomaly", ["Video"], oracleFlags),
        room("Pictures", ["Video", "CPNG"]),
        room("Capture", ["Video", "Kernels", "CFFmpeg", "CV4L2"]),
        room(
            "Publish",
            ["Anomaly", "Files", "Pictures", "Video", .product(name: "Logging", package: "swift-log")] + nio),
        room(
            "Service",
            [
                "Files", "Video", "Kernels", "Model", "Anomaly", "Pictures", "Capture", "Publish", "CChild", "CFFmpeg",
                "CLinux",
                "CSystemd",
                "CYAML",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ] + nio),

        // What `zanzo` does with footage, and the daemon never.
        room(
            "Offline",
            ["Anomaly", "Capture", "Files", "Model", "Pictures", "Service", "Training", "Video"]),

        .executableTarget(
            name: "zanzod",
            dependencies: ["Service", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        .executableTarget(
            name: "zanzo",
            dependencies: [
                "Anomaly", "Capture", "Model", "Offline", "Publish", "Service", "Training", "Video",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "zanzo-bench",
            dependencies: [
                "Capture", "Model", "Training", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // Counts allocations, for the tests that prove that there are none.
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        tests("Files", []),
        tests("Video", []),
        tests("Kernels", ["CKernels", "TestSupport"], oracleFlags),
        tests("Model", ["Kernels", "CAllocations", "TestSupport", "Video"]),
        tests("Training", ["CAllocations", "Files", "Kernels", "Model", "TestSupport", "Video"], oracleFlags),
        tests("Anomaly", ["TestSupport", "Video"], oracleFlags),
        tests("Pictures", ["Files", "Video"]),
        tests("Capture", ["CAllocations", "CFFmpeg", "CV4L2", "Kernels", "TestSupport", "Video"]),
        tests(
            "Publish",
            ["Pictures", "Video", .product(name: "Logging", package: "swift-log")] + nio),
        tests(
            "Service",
            [
                "Anomaly", "CAllocations", "Capture", "Kernels", "Model", "Pictures", "Publish", "TestSupport", "Video",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            "Offline",
            ["Anomaly", "Capture", "Files", "Model", "Pictures", "Service", "TestSupport", "Training", "Video"]),
        // The executables as real processes: with sockets, files and signals.
        .testTarget(
            name: "ProcessTests",
            dependencies: [
                "Capture", "Model", "Offline", "Pictures", "Publish", "Service", "Video", "zanzo", "zanzo-bench",
                "zanzod",
            ],
            swiftSettings: strict),
    ]
)
