// swift-tools-version: 6.2
// Read this file as the architecture: one sentence per target, floors from the bottom up, arrows only downwards.
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// A Swift target on one floor: `purpose` is read by `make docs`, which draws the module map of ARCHITECTURE.md from it.
func module(_ floor: String, _ name: String, _ purpose: String, uses: [String] = [], resources: [Resource] = []) -> Target {
    .target(
        name: name, dependencies: uses.map { .byName(name: $0) }, path: floor.isEmpty ? "Sources/\(name)" : "Sources/\(floor)/\(name)",
        resources: resources, swiftSettings: strict)
}

/// The tests of one target live in the folder that carries its name.
func tests(_ name: String, uses: [String] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: (uses.contains(name) || ["Tidy", "Fuzz"].contains(name) ? uses : [name] + uses).map { .byName(name: $0) },
        path: "Tests/\(name)Tests", resources: resources, swiftSettings: strict)
}

func systemLibrary(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

// MARK: C: one target per C library; imported only by its one Kit wrapper.
let c: [Target] = [
    systemLibrary("CMicrohttpd", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
    systemLibrary("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    systemLibrary("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
    systemLibrary("CPostgres", pkgConfig: "libpq", apt: "libpq-dev"),
    systemLibrary("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
    systemLibrary("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    systemLibrary("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
    systemLibrary("CGit2", pkgConfig: "libgit2", apt: "libgit2-dev"),
    .target(name: "CSimdJSON", path: "Sources/C/CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
    // Not by pkg-config: SwiftPM repeats what it requires until the command line is too long.
    .target(
        name: "CGRPC", path: "Sources/C/CGRPC",
        linkerSettings: ["grpc++", "grpc", "gpr", "absl_synchronization"].map { .linkedLibrary($0) }),
    .target(name: "CSpawn", path: "Sources/C/CSpawn"),
    .target(name: "CDuckDB", path: "Sources/C/CDuckDB", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "CONNX", path: "Sources/C/CONNX", linkerSettings: [.linkedLibrary("dl")]),
]

// MARK: Kit: mechanisms with no MLOps word in them.
let kit: [Target] = [
    module("Kit", "Errors", "The one error value: stable code, safe message, hint, fields, hidden cause."),
    module("Kit", "Clockwork", "The seams that simulation replaces: clock, ids, randomness, timers, blocking pool.", uses: ["Errors"]),
    module(
        "Kit", "JSON", "JSON values, a fast reader on simdjson with a lenient second try, and the byte writer.",
        uses: ["Errors", "CSimdJSON"]),
    module(
        "Kit", "Protobuf", "Protobuf: a bounded reader over bytes and a writer, and schemas that carry messages to and from JSON.",
        uses: ["Errors", "JSON"]),
    module("Kit", "Digests", "SHA-256, HMAC and random bytes through OpenSSL.", uses: ["Errors", "COpenSSL"]),
    module("Kit", "Telemetry", "Structured logs and metrics with bounded labels.", uses: ["Errors", "Clockwork", "JSON"]),
    module(
        "Kit", "Events", "The event value, its hash chain, and the contract of the event log.",
        uses: ["Errors", "Clockwork", "JSON", "Digests"]),
    module("Kit", "Filters", "Filter strings and sort keys, read into a tree of comparisons: pure functions.", uses: ["Errors"]),
    module("Kit", "Statistics", "Drift tests, always-valid tests, false-discovery control and sketches: pure functions.", uses: ["Errors"]),
    module("Kit", "CommandLine", "Commands, flags and help from one table; the parser is a pure function.", uses: ["Errors", "Clockwork"]),
    module("Kit", "YAML", "YAML text to a tree that knows its lines, through libyaml.", uses: ["Errors", "CYAML"]),
    module("Kit", "Git", "Facts of a git work tree (commit, branch, dirty) through libgit2.", uses: ["Errors", "CGit2"]),
    module("Kit", "Addresses", "Numeric IP addresses and how far they reach: pure functions."),
    module(
        "Kit", "HTTP", "The HTTP/1.1 server on libmicrohttpd: routes, streaming bodies, limits, graceful drain.",
        uses: ["Errors", "Clockwork", "JSON", "Telemetry", "Addresses", "CMicrohttpd", "CZlib"]),
    module(
        "Kit", "RPC", "The gRPC server on libgrpc: methods by path, health, reflection, cancellation.",
        uses: ["Errors", "Clockwork", "JSON", "Telemetry", "Protobuf", "HTTP", "CGRPC"]),
    module(
        "Kit", "Outbound", "The HTTP client on libcurl: bounded, streaming, with deadlines.",
        uses: ["Errors", "Clockwork", "JSON", "Addresses", "CCurl"]),
    module("Kit", "Processes", "Child processes in groups of their own.", uses: ["Errors", "Clockwork", "CSpawn"]),
    module(
        "Kit", "SQL", "SQLite or PostgreSQL behind one writer with group commit and readers that never block it; migrations.",
        uses: ["Errors", "Clockwork", "Telemetry", "Filters", "CSQLite", "CPostgres"]),
    module("Kit", "Blobs", "Content-addressed objects: atomic writes, verification on read.", uses: ["Errors", "Clockwork", "Digests"]),
    module(
        "Kit", "S3", "S3 and compatible object stores: own signer, requests, parts, and objects by digest.",
        uses: ["Errors", "Clockwork", "Digests", "JSON", "Telemetry", "Outbound", "Blobs"]),
    module(
        "Kit", "NativeLibraries", "Where libraries that are loaded at run time are looked for, and what to say when one is absent.",
        uses: ["Errors"]),
    module(
        "Kit", "Columns", "DuckDB through its C API, loaded at run time: SQL over Parquet and CSV, by column.",
        uses: ["Errors", "Clockwork", "NativeLibraries", "CDuckDB"]),
    module(
        "Kit", "ONNX", "ONNX Runtime through its C API, loaded at run time: sessions and tensors.",
        uses: ["Errors", "Clockwork", "NativeLibraries", "CONNX"]),
]

// MARK: Areas: the nouns. An area imports Kit's basics and no other area.
let basics = ["Errors", "Clockwork", "JSON", "Events", "Statistics", "Telemetry", "Filters"]
let areas: [Target] = [
    module("Areas", "Datasets", "Dataset versions, profiles, expectation suites and validation results.", uses: basics),
    module("Areas", "Tracking", "Experiments, runs, params, metrics, tags, logged models, as in MLflow.", uses: basics),
    module("Areas", "Registry", "Registered models, versions, aliases, stages, verification and the gate.", uses: basics),
    module("Areas", "Tracing", "Traces and their spans, assessments of them, and figures over them.", uses: basics),
    module("Areas", "Evaluation", "Evaluation datasets with their records, and scorers with their versions.", uses: basics),
    module("Areas", "Pipelines", "Pipelines, steps, runs, cache hits, retries and triggers.", uses: basics),
    module("Areas", "Serving", "Endpoints, traffic plans, the dynamic batcher, predictions.", uses: basics),
    module("Areas", "Monitoring", "Monitors, windows, drift, performance against late labels, alerts.", uses: basics),
    module("Areas", "Rollouts", "Canary rollouts on always-valid tests: a pure state machine.", uses: basics),
    module("Areas", "ContinuousTraining", "Policies: drift to retrain to gate to rollout: a pure state machine.", uses: basics),
    module("Areas", "Webhooks", "Addresses that are told of changes in the registry, and deliveries to them.", uses: basics),
    module("Areas", "Lineage", "From a prediction back to model, run, code and data.", uses: basics),
]

// MARK: Backends: implementations of what the areas ask for.
let backends: [Target] = [
    module(
        "Backends", "SQLStores", "The areas' stores on SQLite and PostgreSQL, with the event written in the same transaction.",
        uses: basics + [
            "SQL", "Digests", "Tracking", "Tracing", "Evaluation", "Registry", "Datasets", "Pipelines", "Serving", "Monitoring", "Rollouts",
            "ContinuousTraining", "Webhooks",
        ]),
    module(
        "Backends", "FileStores", "Artifacts and dataset objects on content-addressed files.",
        uses: basics + ["Blobs", "Digests", "Tracking", "Datasets"]),
    module(
        "Backends", "ColumnStores", "Profiles, validation, the prediction log and labels on DuckDB and Parquet.",
        uses: basics + ["Columns", "Digests", "Datasets", "Serving", "Monitoring"]),
    module("Backends", "ONNXModels", "Model runtimes on ONNX Runtime.", uses: basics + ["ONNX", "Serving", "Registry"]),
    module(
        "Backends", "PythonWorkers", "Model runtimes on processes of Python, with tensors in shared memory.",
        uses: basics + ["Processes", "Serving"], resources: [.embedInCode("worker.py")]),
    module("Backends", "ProcessRunner", "Pipeline steps as local processes.", uses: basics + ["Pipelines", "Processes"]),
    module(
        "Backends", "AlertChannels", "Alerts delivered to signed webhooks, with retry and dead letters.",
        uses: basics + ["Monitoring", "Outbound", "Digests"]),
    module(
        "Backends", "WebhookSenders", "Webhooks delivered as signed HTTP requests to allowed addresses.",
        uses: basics + ["Webhooks", "Outbound", "Digests"]),
]

// MARK: API: one module per spoken protocol.
let api: [Target] = [
    module(
        "API", "MLflowAPI", "MLflow REST and the artifact proxy.",
        uses: basics + ["HTTP", "Tracking", "Registry", "Tracing", "Evaluation", "Webhooks"]),
    module(
        "API", "OpenTelemetryAPI", "OTLP over HTTP: traces in protobuf and JSON.", uses: basics + ["HTTP", "Protobuf", "RPC", "Tracing"]),
    module(
        "API", "OpenInferenceAPI", "Open Inference v2 over HTTP (JSON and binary tensors) and gRPC.",
        uses: basics + ["HTTP", "Processes", "Protobuf", "RPC", "Serving"], resources: [.embedInCode("GRPC/open_inference.proto")]),
    module(
        "API", "ScoringAPI", "MLflow's scoring protocol, and the small one of hand-written services.", uses: basics + ["HTTP", "Serving"]),
    module(
        "API", "TensorFlowServingAPI", "TensorFlow-Serving REST and gRPC, and KServe v1.",
        uses: basics + ["HTTP", "Protobuf", "RPC", "Serving"]),
    module(
        "API", "JidokaAPI", "Jidoka's own REST, its OpenAPI document, SSE and metrics.",
        uses: basics + [
            "HTTP", "Datasets", "Tracking", "Pipelines", "Registry", "Serving", "Monitoring", "Rollouts", "ContinuousTraining", "Lineage",
            "Webhooks",
        ]),
]

// MARK: App: the one composition root, the commands, the main.
let app: [Target] = [
    module(
        "App", "Line", "`jidoka.yaml`, read and checked: the project's line as values.",
        uses: basics + ["YAML", "Pipelines", "Rollouts", "ContinuousTraining"]),
    module(
        "App", "Interchange", "Readers of experiments that were made elsewhere, and their delivery to a server.",
        uses: basics + ["Digests", "Outbound", "Protobuf", "SQL", "YAML", "Tracking", "Registry"]),
    module(
        "App", "Server", "The composition root: back ends chosen, areas joined by adapters, services run.",
        uses: (kit + areas + backends + api).map(\.name) + ["Line"]),
    module(
        "App", "Commands", "The command line: one file per command.",
        uses: basics + ["CommandLine", "Columns", "Digests", "Outbound", "Datasets", "Pipelines", "Line", "Interchange", "Server"]),
    .executableTarget(name: "jidoka", dependencies: ["Commands"], path: "Sources/App/jidoka", swiftSettings: strict),
]

// MARK: Conformance: contract suites, simulated clock and disk, fixtures; used by tests, shipped to nobody.
let conformance: [Target] = [
    module(
        "", "Conformance", "Contract suites that every back end runs, and the simulated world.",
        uses: basics + areas.map(\.name) + ["SQL", "Blobs", "Digests"])
]

let testTargets: [Target] = [
    tests("Tidy"),
    tests("Errors"),
    tests("Clockwork"),
    tests("JSON"),
    tests("Protobuf", uses: ["Errors", "Clockwork", "JSON"]),
    tests("Digests"),
    tests("Telemetry"),
    tests("Events", uses: ["JSON", "Clockwork"]),
    tests("Statistics", uses: ["Errors", "JSON", "Clockwork"], resources: [.copy("Fixtures")]),
    tests("CommandLine", uses: ["Errors", "Clockwork"]),
    tests("YAML", uses: ["Errors"]),
    tests("Git", uses: ["Errors"]),
    tests("Addresses"),
    tests("Webhooks", uses: basics + ["Conformance"]),
    tests("WebhookSenders", uses: basics + ["Webhooks", "Outbound", "HTTP"]),
    tests("HTTP", uses: ["Errors", "Clockwork", "JSON", "Telemetry", "Outbound"]),
    tests("Outbound", uses: ["Errors", "Clockwork"]),
    tests("Processes", uses: ["Errors", "Clockwork"]),
    tests("RPC", uses: ["Errors", "Clockwork", "JSON", "HTTP", "Protobuf", "Telemetry"]),
    tests("SQL", uses: ["Errors", "Clockwork", "Telemetry", "Conformance"]),
    tests("Blobs", uses: ["Errors", "Clockwork", "Digests", "Conformance"]),
    tests(
        "S3", uses: ["Errors", "Clockwork", "Digests", "JSON", "Outbound", "Blobs", "Conformance"], resources: [.copy("Fixtures")]),
    tests("NativeLibraries", uses: ["Errors"]),
    tests("Columns", uses: ["Errors", "Clockwork", "NativeLibraries"]),
    tests("ONNX", uses: ["Errors", "Clockwork", "JSON", "NativeLibraries"], resources: [.copy("Fixtures")]),
    tests("Filters", uses: ["Errors"]),
    tests("Datasets", uses: basics),
    tests("Tracking", uses: basics + ["SQL", "SQLStores"]),
    tests("Registry", uses: basics + ["SQL", "SQLStores"]),
    tests("Tracing", uses: basics + ["Conformance"]),
    tests("Evaluation", uses: basics),
    tests("Pipelines", uses: basics + ["Conformance"]),
    tests("Serving", uses: basics + ["Conformance"]),
    tests("Monitoring", uses: basics + ["Conformance"]),
    tests("Rollouts", uses: basics + ["Conformance"]),
    tests("ContinuousTraining", uses: basics + ["Conformance", "Rollouts"]),
    tests("Lineage", uses: basics),
    tests(
        "SQLStores",
        uses: basics + [
            "SQL", "Conformance", "Digests", "Tracking", "Tracing", "Evaluation", "Registry", "Datasets", "Pipelines", "Serving",
            "Monitoring", "Rollouts",
            "ContinuousTraining",
        ], resources: [.copy("Fixtures")]),
    tests("FileStores", uses: basics + ["Blobs", "Digests", "Conformance", "Tracking", "Datasets", "SQL", "SQLStores"]),
    tests("ColumnStores", uses: basics + ["Columns", "Conformance", "Datasets", "Serving", "Monitoring"]),
    tests("PythonWorkers", uses: ["Errors", "Clockwork", "Telemetry", "Serving"]),
    tests("ONNXModels", uses: basics + ["ONNX", "Serving", "Conformance"]),
    tests("ProcessRunner", uses: basics + ["Pipelines"]),
    tests("AlertChannels", uses: basics + ["Monitoring", "HTTP", "Outbound", "Digests", "Conformance"]),
    tests(
        "MLflowAPI",
        uses: basics + ["HTTP", "Tracking", "Registry", "Tracing", "Evaluation", "SQL", "SQLStores", "Blobs", "FileStores"]),
    tests("OpenTelemetryAPI", uses: basics + ["HTTP", "Protobuf", "Tracing", "SQL", "SQLStores"]),
    tests("OpenInferenceAPI", uses: basics + ["HTTP", "Protobuf", "RPC", "Serving", "Conformance"]),
    tests("TensorFlowServingAPI", uses: basics + ["HTTP", "Serving", "Conformance"]),
    tests("ScoringAPI", uses: basics + ["HTTP", "Serving", "Conformance"]),
    tests(
        "JidokaAPI",
        uses: basics + [
            "HTTP", "Datasets", "Tracking", "Pipelines", "Registry", "Serving", "Monitoring", "Rollouts", "ContinuousTraining", "Lineage",
            "SQL", "SQLStores", "Conformance",
        ]),
    tests("Line", uses: basics + ["YAML", "Pipelines", "Rollouts", "ContinuousTraining"]),
    tests(
        "Interchange",
        uses: basics + [
            "Blobs", "FileStores", "HTTP", "JidokaAPI", "MLflowAPI", "Outbound", "Registry", "SQL", "SQLStores", "Tracking", "Tracing",
            "Evaluation", "Protobuf",
        ]),
    tests("Server", uses: basics + ["HTTP"]),
    tests(
        "Fuzz",
        uses: [
            "Errors", "Clockwork", "JSON", "Protobuf", "Filters", "YAML", "Line", "Tracking", "Tracing", "Serving", "S3", "MLflowAPI",
            "OpenTelemetryAPI", "OpenInferenceAPI", "TensorFlowServingAPI",
        ], resources: [.copy("Corpus")]),
    tests("Commands", uses: basics + ["CommandLine", "Columns", "HTTP", "Outbound", "Line", "Server"]),
]

let package = Package(
    name: "jidoka",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "jidoka", targets: ["jidoka"])],
    targets: c + kit + areas + backends + api + app + conformance + testTargets,
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
