import Clockwork
import Errors
package import JSON

/// The document form of a report: what stores keep and what the API shows.
extension WindowReport {
    package var json: JSONObject {
        [
            "endpoint": .string(endpoint), "window": .int(number), "rows": .array([.int(rows.lowerBound), .int(rows.upperBound)]),
            "from": .string(from.rfc3339), "to": .string(to.rfc3339),
            "times_us": .array([from, to, evaluatedAt, performance.asOf].map { .int($0.microseconds) }),
            "champion": .string(champion), "evaluated_at": .string(evaluatedAt.rfc3339),
            "reference": ["digest": .string(referenceDigest), "rows": .int(Int64(referenceRows))], "drifted_share": JSONValue(driftedShare),
            "drifted": .bool(isDrifted), "features": .array(features.map(\.json)),
            "predictions": [
                "shares": .array(predictions.shares.map { ["value": .string($0.value), "share": .double($0.share)] }),
                "mean_score": JSONValue(predictions.meanScore),
            ],
            "performance": performance.json, "drop_reported": .bool(isDropReported),
        ]
    }

    /// - Throws: `internal` when the document does not have the shape that `json` writes.
    package init(json: JSONValue) throws {
        let times = (json["times_us"]?.arrayValue ?? []).compactMap { $0.intValue.map(Timestamp.init(microseconds:)) }
        guard let endpoint = json["endpoint"]?.stringValue, let number = json["window"]?.intValue, let low = json["rows"]?[0]?.intValue,
            let high = json["rows"]?[1]?.intValue, times.count == 4, let champion = json["champion"]?.stringValue,
            let digest = json["reference"]?["digest"]?.stringValue, let rows = json["reference"]?["rows"]?.intValue
        else { throw JidokaError.internal("a stored window report is broken") }
        self.init(
            endpoint: endpoint, number: number, rows: low..<high, from: times[0], to: times[1], champion: champion, evaluatedAt: times[2],
            referenceDigest: digest, referenceRows: Int(rows),
            features: try (json["features"]?.arrayValue ?? []).map(FeatureReport.init(json:)),
            driftedShare: json["drifted_share"]?.doubleValue, isDrifted: json["drifted"]?.boolValue ?? false,
            predictions: PredictionSummary(
                shares: (json["predictions"]?["shares"]?.arrayValue ?? []).map {
                    .init(value: $0["value"]?.stringValue ?? "", share: $0["share"]?.doubleValue ?? 0)
                }, meanScore: json["predictions"]?["mean_score"]?.doubleValue),
            performance: Performance(json: json["performance"], asOf: times[3]), isDropReported: json["drop_reported"]?.boolValue ?? false)
    }
}

extension WindowReport.Performance {
    fileprivate var json: JSONValue {
        [
            "labelled": .int(labelled), "coverage": .double(coverage),
            "metrics": .object(JSONObject(metrics.sorted { $0.key < $1.key }.map { (key: $0.key, value: .double($0.value)) })),
            "accuracy_interval": Self.interval(accuracyInterval), "f1_interval": Self.interval(f1Interval),
            "versions": .array(
                versions.map { ["version": .string($0.version), "labelled": .int($0.labelled), "accuracy": .double($0.accuracy)] }),
            "as_of": .string(asOf.rfc3339),
        ]
    }

    private static func interval(_ range: ClosedRange<Double>?) -> JSONValue {
        range.map { .array([.double($0.lowerBound), .double($0.upperBound)]) } ?? .null
    }

    private static func interval(_ json: JSONValue?) -> ClosedRange<Double>? {
        guard let low = json?[0]?.doubleValue, let high = json?[1]?.doubleValue, low <= high else { return nil }
        return low...high
    }

    fileprivate init(json: JSONValue?, asOf: Timestamp) {
        var metrics: [String: Double] = [:]
        for (name, value) in json?["metrics"]?.objectValue ?? [:] { metrics[name] = value.doubleValue }
        self.init(
            labelled: json?["labelled"]?.intValue ?? 0, coverage: json?["coverage"]?.doubleValue ?? 0, metrics: metrics,
            accuracyInterval: Self.interval(json?["accuracy_interval"]), f1Interval: Self.interval(json?["f1_interval"]),
            versions: (json?["versions"]?.arrayValue ?? []).map {
                .init(
                    version: $0["version"]?.stringValue ?? "", labelled: $0["labelled"]?.intValue ?? 0,
                    accuracy: $0["accuracy"]?.doubleValue ?? 0)
            }, asOf: asOf)
    }
}

extension FeatureReport {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "verdict": .string(verdict), "drifted": .bool(isDrifted), "psi": JSONValue(psi),
            "psi_bias": JSONValue(psiBias),
            "psi_corrected": JSONValue(psiCorrected), "test": JSONValue(test), "p_value": JSONValue(pValue),
            "adjusted_p": JSONValue(adjustedP),
            "missing_share": ["reference": .double(missingShareReference), "current": .double(missingShareCurrent)],
            "reason": .string(reason),
            "bins": .array(bins.map { ["label": .string($0.label), "reference": .double($0.reference), "current": .double($0.current)] }),
        ]
    }

    fileprivate init(json: JSONValue) throws {
        guard let name = json["name"]?.stringValue, let verdict = json["verdict"]?.stringValue else {
            throw JidokaError.internal("a stored window report has a broken feature")
        }
        self.init(
            name: name, verdict: verdict, isDrifted: json["drifted"]?.boolValue ?? false, psi: json["psi"]?.doubleValue,
            psiBias: json["psi_bias"]?.doubleValue, psiCorrected: json["psi_corrected"]?.doubleValue, test: json["test"]?.stringValue,
            pValue: json["p_value"]?.doubleValue, adjustedP: json["adjusted_p"]?.doubleValue,
            missingShareReference: json["missing_share"]?["reference"]?.doubleValue ?? 0,
            missingShareCurrent: json["missing_share"]?["current"]?.doubleValue ?? 0, reason: json["reason"]?.stringValue ?? "",
            bins: (json["bins"]?.arrayValue ?? []).map {
                Bin(
                    label: $0["label"]?.stringValue ?? "", reference: $0["reference"]?.doubleValue ?? 0,
                    current: $0["current"]?.doubleValue ?? 0)
            })
    }
}

extension Monitor {
    package var json: JSONObject {
        [
            "endpoint": .string(endpoint), "phase": .string(phase.rawValue), "champion": JSONValue(champion), "next_row": .int(nextRow),
            "windows": .int(windows), "drifted_in_a_row": .int(Int64(driftedInARow)), "quiet_in_a_row": .int(Int64(quietInARow)),
            "obstacle": JSONValue(obstacle), "revision": .int(revision),
        ]
    }

    package init(json: JSONValue) throws {
        guard let endpoint = json["endpoint"]?.stringValue, let phase = json["phase"]?.stringValue.flatMap(Phase.init(rawValue:)),
            let nextRow = json["next_row"]?.intValue, let windows = json["windows"]?.intValue, let revision = json["revision"]?.intValue
        else { throw JidokaError.internal("a stored monitor is broken") }
        self.init(endpoint: endpoint)
        self.phase = phase
        self.nextRow = nextRow
        self.windows = windows
        self.revision = revision
        champion = json["champion"]?.stringValue
        driftedInARow = Int(json["drifted_in_a_row"]?.intValue ?? 0)
        quietInARow = Int(json["quiet_in_a_row"]?.intValue ?? 0)
        obstacle = json["obstacle"]?.stringValue
    }
}
