import Clockwork
import Conformance
import Filters
import Tracking

/// Random runs and searches, with the meaning of both in memory.
struct RandomRunSearch {
    private static let texts = ["1", "2", "10", "2.5", "x", "X1", "", "1e1", "nan"]
    private static let numbers: [Double] = [-1, 0, 1, 2, 2.5, 10]
    private static let keys = ["a", "b"]

    func runs(_ random: SeededRandom, in experiment: Experiment) -> [Run] {
        (0..<40).map { index in
            let info = RunInfo(
                id: "r\(index)", experimentID: experiment.id, name: RandomRunSearch.texts[random.below(4)], userID: "", status: .running,
                startTime: Int64(random.below(4)), artifactURI: "")
            var run = Run(info: info)
            for key in RandomRunSearch.keys {
                if random.below(3) > 0 {
                    let value = random.below(6) == 0 ? Double.nan : RandomRunSearch.numbers[random.below(RandomRunSearch.numbers.count)]
                    run.metrics.append(Metric(key: key, value: value, timestamp: 1))
                }
                if random.below(3) > 0 {
                    run.params.append(Param(key: key, value: RandomRunSearch.texts[random.below(RandomRunSearch.texts.count)]))
                }
                if random.below(3) > 0 {
                    run.tags.append(Tag(key: key, value: RandomRunSearch.texts[random.below(RandomRunSearch.texts.count)]))
                }
            }
            if random.below(2) > 0 { run.info.endTime = Int64(random.below(4)) }
            return run
        }
    }

    func tree(_ random: SeededRandom, depth: Int) -> FilterTree<RunCondition> {
        switch depth == 0 ? 0 : random.below(5) {
        case 1: return .not(tree(random, depth: depth - 1))
        case 2: return .all((0..<random.below(4)).map { _ in tree(random, depth: depth - 1) })
        case 3, 4: return .any((0..<random.below(4)).map { _ in tree(random, depth: depth - 1) })
        default: return .leaf(condition(random))
        }
    }

    private func condition(_ random: SeededRandom) -> RunCondition {
        let key = RandomRunSearch.keys[random.below(2)]
        switch random.below(5) {
        case 0: return numeric(.metric(key), random, nullable: true)
        case 1: return numeric(.param(key), random, nullable: true)
        case 2: return textual(random.below(2) == 0 ? .param(key) : .tag(key), random, nullable: true)
        case 3: return numeric(.attribute(random.below(2) == 0 ? .startTime : .endTime), random, nullable: false)
        default: return textual(.attribute(.name), random, nullable: false)
        }
    }

    private func numeric(_ field: RunField, _ random: SeededRandom, nullable: Bool) -> RunCondition {
        func number() -> Double { RandomRunSearch.numbers[random.below(RandomRunSearch.numbers.count)] }
        let comparators: [FilterComparator] = [
            .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn, .notIn, .between, .notBetween, .isNull, .isNotNull,
        ]
        let comparator = comparators[random.below(nullable ? 12 : 10)]
        let value: FilterLiteral =
            switch comparator {
            case .isNull, .isNotNull: .none
            case .isIn, .notIn: .numbers([number(), number()])
            case .between, .notBetween: .range(number(), number())
            default: .number(number(), written: "?")
            }
        return RunCondition(field: field, comparator: comparator, value: value)
    }

    private func textual(_ field: RunField, _ random: SeededRandom, nullable: Bool) -> RunCondition {
        func text() -> String { RandomRunSearch.texts[random.below(RandomRunSearch.texts.count)] }
        let comparators: [FilterComparator] = [.equal, .notEqual, .isIn, .notIn, .like, .ilike, .isNull, .isNotNull]
        let comparator = comparators[random.below(nullable ? 8 : 6)]
        let value: FilterLiteral =
            switch comparator {
            case .isNull, .isNotNull: .none
            case .isIn, .notIn: .list([text(), text()])
            case .like, .ilike: .text(text() + "%")
            default: .text(text())
            }
        return RunCondition(field: field, comparator: comparator, value: value)
    }

    /// The meaning in `RunCondition`'s comment.
    func holds(_ condition: RunCondition, _ run: Run) -> Bool {
        switch condition.field {
        case .metric(let key): return holds(condition, number: run.metrics.first { $0.key == key }?.value)
        case .param(let key):
            let text = run.params.first { $0.key == key }?.value
            guard condition.value.isNumeric else { return holds(condition, text: text) }
            return holds(condition, number: text.flatMap(FilterNumber.read))
        case .tag(let key): return holds(condition, text: run.tags.first { $0.key == key }?.value)
        case .attribute(.startTime): return holds(condition, number: Double(run.info.startTime))
        case .attribute(.endTime): return holds(condition, number: run.info.endTime.map(Double.init))
        default: return holds(condition, text: run.info.name)
        }
    }

    private func holds(_ condition: RunCondition, number: Double?) -> Bool {
        guard let number else { return condition.comparator == .isNull }
        switch (condition.comparator, condition.value) {
        case (.isNotNull, _): return true
        case (.isNull, _): return false
        case (.equal, .number(let other, _)): return number == other
        case (.notEqual, .number(let other, _)): return number != other
        case (.less, .number(let other, _)): return number < other
        case (.lessOrEqual, .number(let other, _)): return number <= other
        case (.greater, .number(let other, _)): return number > other
        case (.greaterOrEqual, .number(let other, _)): return number >= other
        case (.isIn, .numbers(let list)): return list.contains(number)
        case (.notIn, .numbers(let list)): return !list.contains(number)
        case (.between, .range(let low, let high)): return number >= low && number <= high
        case (.notBetween, .range(let low, let high)): return !(number >= low && number <= high)
        default: return false
        }
    }

    private func holds(_ condition: RunCondition, text: String?) -> Bool {
        guard let text else { return condition.comparator == .isNull }
        switch (condition.comparator, condition.value) {
        case (.isNotNull, _): return true
        case (.equal, .text(let other)): return text == other
        case (.notEqual, .text(let other)): return text != other
        case (.isIn, .list(let list)): return list.contains(text)
        case (.notIn, .list(let list)): return !list.contains(text)
        case (.like, .text(let pattern)): return text.hasPrefix(pattern.dropLast())
        case (.ilike, .text(let pattern)): return text.lowercased().hasPrefix(pattern.dropLast().lowercased())
        default: return false
        }
    }

    /// One or two orders.
    func orders(_ random: SeededRandom) -> [RunOrder] {
        let fields: [RunField] = [
            .metric("a"), .metric("b"), .param("a"), .tag("b"), .attribute(.startTime), .attribute(.endTime), .attribute(.name),
        ]
        let first = random.below(fields.count + 1)
        if first == fields.count { return [] }
        let orders = [RunOrder(field: fields[first], ascending: random.below(2) == 0)]
        let second = random.below(fields.count)
        return second == first ? orders : orders + [RunOrder(field: fields[second], ascending: random.below(2) == 0)]
    }

    /// Whether `one` comes before `other`: values, then NaN, then what is missing; ties by start, newest first, then by id.
    func precedes(_ one: Run, _ other: Run, by orders: [RunOrder]) -> Bool {
        for order in orders {
            let (left, right) = (place(one, order.field), place(other, order.field))
            if left == right { continue }
            if left.rank != right.rank { return left.rank < right.rank }
            return (left < right) == order.ascending
        }
        if one.info.startTime != other.info.startTime, !orders.contains(where: { $0.field == .attribute(.startTime) }) {
            return one.info.startTime > other.info.startTime
        }
        return one.info.id < other.info.id
    }

    private struct Place: Comparable {
        /// 0 for a value, 1 for NaN, 2 for nothing.
        var rank = 0
        var number = 0.0
        var text = ""

        static func < (one: Place, other: Place) -> Bool { (one.number, one.text) < (other.number, other.text) }
    }

    private func place(_ run: Run, _ field: RunField) -> Place {
        switch field {
        case .metric(let key):
            guard let value = run.metrics.first(where: { $0.key == key })?.value else { return Place(rank: 2) }
            return value.isNaN ? Place(rank: 1) : Place(number: value)
        case .param(let key): return run.params.first { $0.key == key }.map { Place(text: $0.value) } ?? Place(rank: 2)
        case .tag(let key): return run.tags.first { $0.key == key }.map { Place(text: $0.value) } ?? Place(rank: 2)
        case .attribute(.startTime): return Place(number: Double(run.info.startTime))
        case .attribute(.endTime): return run.info.endTime.map { Place(number: Double($0)) } ?? Place(rank: 2)
        default: return Place(text: run.info.name)
        }
    }
}
