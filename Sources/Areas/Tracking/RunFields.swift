import Errors

/// Which data of runs a search reads; what a run is (`info`) is always there.
package struct RunFields: Sendable, Hashable {
    /// Which keys of metrics, params or tags.
    package enum Keys: Sendable, Hashable {
        case all
        /// Not sorted; none when empty.
        case some([String])

        package static let none = Keys.some([])
        package var isEmpty: Bool { self == .none }
    }

    package var metrics: Keys
    package var params: Keys
    package var tags: Keys
    /// Datasets and models that the run read.
    package var inputs: Bool
    /// Models that it made.
    package var outputs: Bool

    package init(metrics: Keys = .none, params: Keys = .none, tags: Keys = .none, inputs: Bool = false, outputs: Bool = false) {
        self.metrics = metrics
        self.params = params
        self.tags = tags
        self.inputs = inputs
        self.outputs = outputs
    }

    package static let everything = RunFields(metrics: .all, params: .all, tags: .all, inputs: true, outputs: true)
    /// The most names that one search may give.
    package static let namesMax = 200

    /// `metrics` (all of them) or `metrics.loss`; params and tags likewise; `inputs`, `outputs`; `info` names nothing more. An empty list
    /// means everything. - Throws: `invalid_argument` for other names.
    package init(_ names: [String]) throws {
        guard !names.isEmpty else {
            self = .everything
            return
        }
        guard names.count <= RunFields.namesMax else {
            throw JidokaError.invalidArgument("`fields` has more than \(RunFields.namesMax) names", hint: "name whole groups: `metrics`")
        }
        self.init()
        for name in names {
            let parts = name.split(separator: ".", maxSplits: 1)
            let key = parts.count == 2 ? String(parts[1]) : nil
            switch (parts.first, key) {
            case ("info", nil): break
            case ("inputs", nil): inputs = true
            case ("outputs", nil): outputs = true
            case ("metrics", _): RunFields.add(key, to: &metrics)
            case ("params", _): RunFields.add(key, to: &params)
            case ("tags", _): RunFields.add(key, to: &tags)
            default:
                throw JidokaError.invalidArgument(
                    "`fields` has no `\(name)`",
                    hint: "known: info, metrics, metrics.NAME, params, params.NAME, tags, tags.NAME, inputs, outputs")
            }
        }
    }

    private static func add(_ key: String?, to keys: inout Keys) {
        guard case .some(let known) = keys else { return }
        keys = key.map { .some(known + [$0]) } ?? .all
    }
}
