import Clockwork
import Errors
import HTTP
import JSON
import Lineage
import Monitoring

/// Predictions, labels and traces.
extension JidokaRoutes {
    mutating func mountPredictions(_ services: JidokaServices) {
        let predictions = services.predictions
        add("GET", "/predictions", .read, "The newest predictions of an endpoint.") { request in
            guard let endpoint = request.query("endpoint") else {
                throw JidokaError.invalidArgument("`endpoint` is missing", hint: "add ?endpoint=NAME")
            }
            return .json(
                .array(try await predictions.recent(endpoint: endpoint, limit: try request.limit(default: 50)).map(JSONValue.object)))
        }
        add("GET", "/predictions/{id}", .read, "One prediction with its label.") { request in
            let id = try request.parameter("id")
            guard let prediction = try await predictions.prediction(id) else {
                throw JidokaError.notFound(
                    "no prediction `\(id)` is logged", hint: "its id is in the answer's x-jidoka-prediction-id header")
            }
            return .json(.object(prediction))
        }
        add("POST", "/labels", .write, "Tell the truth about predictions, by their ids; at most 10,000 in one request.") { request in
            let fields = try await RequestFields(request, known: ["labels"])
            guard let items = try fields.items("labels"), !items.isEmpty else {
                throw JidokaError.invalidArgument("`labels` is missing or empty", hint: labelShape)
            }
            let labels = try items.enumerated().map { index, item in try label(item, index) }
            let receipt = try await predictions.add(labels)
            return .json([
                "accepted": .int(Int64(receipt.accepted)), "duplicates": .int(Int64(receipt.repeated)),
                "unknown": .int(Int64(receipt.unknown)),
            ])
        }
        add("GET", "/trace/{id}", .read, "From a prediction back to model, run, code and data.") { request in
            .json(.object(try await services.traces.trace(try request.parameter("id")).json))
        }
    }
}

private let labelShape = #"send {"labels": [{"prediction_id": "…", "label": 1}]}"#

private func label(_ item: JSONValue, _ index: Int) throws -> Label {
    guard let id = item["prediction_id"]?.stringValue else {
        throw JidokaError.invalidArgument(
            "labels[\(index)] has no `prediction_id`", hint: "the id is in the answer's x-jidoka-prediction-id header")
    }
    let value: Label.Value
    switch item["label"] {
    case .string(let text): value = .text(text)
    case .bool(let flag): value = .number(flag ? 1 : 0)
    case .some(let other):
        guard let number = other.doubleValue else {
            throw JidokaError.invalidArgument("labels[\(index)]: `label` must be a number, a string or a boolean", hint: labelShape)
        }
        value = .number(number)
    case nil: throw JidokaError.invalidArgument("labels[\(index)] has no `label`", hint: labelShape)
    }
    var time: Timestamp?
    if let given = item["time"], !given.isNull {
        guard let microseconds = given.intValue else {
            throw JidokaError.invalidArgument("labels[\(index)]: `time` must be microseconds since 1970 as a whole number")
        }
        time = Timestamp(microseconds: microseconds)
    }
    return Label(predictionID: id, value: value, time: time)
}
