package import Clockwork
import Errors
package import Monitoring
import Synchronization
import Telemetry

/// How a batch of labels was taken.
package struct LabelReceipt: Sendable, Hashable {
    /// Labels of ids that had none before, `unknown` ones among them.
    package var accepted: Int
    /// Labels of ids that had one: the new one counts from now on.
    package var repeated: Int
    /// Labels whose prediction is not known, or not yet; they join when it comes.
    package var unknown: Int

    package init(accepted: Int = 0, repeated: Int = 0, unknown: Int = 0) {
        self.accepted = accepted
        self.repeated = repeated
        self.unknown = unknown
    }
}

/// One waiting batch. The first of the waiting callers writes for all of them.
final class LabelTicket: Sendable {
    let labels: [ArrivedLabel]
    let outcome = Mutex<Result<LabelReceipt, any Error>?>(nil)

    init(_ labels: [ArrivedLabel]) { self.labels = labels }
}

extension PredictionLog: LabelStore {
    package static let labelsMax = 10_000

    package func add(_ labels: [Label], at arrival: Timestamp) async throws -> (accepted: Int, repeated: Int) {
        let receipt = try await take(labels, at: arrival)
        return (receipt.accepted, receipt.repeated)
    }

    /// The same as `add`, and tells how many labels have no prediction yet. Calls that wait at the same moment share one flush of the disk.
    /// - Throws: `invalid_argument` for more than 10,000 labels, an empty id or a NaN; `exhausted` on a full disk. Nothing is kept then.
    package func take(_ labels: [Label], at arrival: Timestamp) async throws -> LabelReceipt {
        guard labels.count <= PredictionLog.labelsMax else {
            throw JidokaError.invalidArgument(
                "\(labels.count) labels are more than \(PredictionLog.labelsMax)", hint: "send them in several calls")
        }
        for label in labels {
            guard !label.predictionID.isEmpty, label.predictionID.utf8.count <= 256 else {
                throw JidokaError.invalidArgument(
                    "a label has no prediction id, or one of more than 256 bytes", hint: "send the id that the answer carried")
            }
            if case .number(let number) = label.value, number.isNaN {
                throw JidokaError.invalidArgument(
                    "the label of `\(label.predictionID)` is NaN", hint: "leave out labels that are not known")
            }
        }
        if labels.isEmpty { return LabelReceipt() }
        let ticket = LabelTicket(labels.map { ArrivedLabel(label: $0, arrival: arrival) })
        waitingLabels.withLock { $0.append(ticket) }
        return try await pool.run {
            self.commitLabels()
            guard let outcome = ticket.outcome.withLock({ $0 }) else {
                throw JidokaError.internal("labels were neither written nor refused")
            }
            return try outcome.get()
        }
    }

    /// Blocks. Whoever comes first writes the batches of all who wait; the others then find theirs written.
    private func commitLabels() {
        var tickets: [LabelTicket] = []
        labelLog.commit {
            tickets = waitingLabels.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            return tickets.map(\.labels)
        } done: { failure in
            for ticket in tickets {
                let outcome: Result<LabelReceipt, any Error> = failure.map { .failure($0) } ?? .success(join(ticket.labels))
                ticket.outcome.withLock { $0 = outcome }
            }
        }
        if labelLog.isSealDue { wakeWriter() }
    }

    private func join(_ labels: [ArrivedLabel]) -> LabelReceipt {
        let counted = logs(.counted)
        var receipt = LabelReceipt()
        early.withLock { early in
            for item in labels {
                var repeated = ColumnStores.join(item, to: counted)
                if repeated == nil {
                    receipt.unknown += 1
                    let key = IDKey(item.label.predictionID)
                    repeated = early[key] != nil
                    if repeated == true || early.count < options.earlyLabelsMax { early[key] = item } else { instruments.unjoined.add() }
                }
                if repeated == true { receipt.repeated += 1 } else { receipt.accepted += 1 }
            }
        }
        instruments.labels.add(UInt64(labels.count))
        return receipt
    }
}
