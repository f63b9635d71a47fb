import CommandLine
import JSON

/// The result of a check as a report: every expectation that failed, with counts and rows that show it.
enum ValidationText {
    private static let rowsShown = 3
    private static let cellsShown = 6

    static func report(_ result: JSONValue, _ console: any Console) -> String {
        let all = result.list("expectations")
        let failed = all.filter { !$0.flag("success") }
        let subject = "\(result.string("dataset")) \(result.at("version")?.cell ?? "candidate \(result.short("digest"))")"
        let looked = "\(counted(all.count, "expectation")) on \(result.count("rows")) rows"
        if failed.isEmpty { return "\(subject): \(console.marked("passed", true)), \(looked)\n" }
        let verdict = result.flag("success") ? console.styled("passed with warnings", .yellow) : console.marked("failed", false)
        var text = "\(subject): \(verdict), \(failed.count) of \(looked) did not hold\n"
        for expectation in failed { text += "\n" + one(expectation, console) }
        return text
    }

    private static func one(_ expectation: JSONValue, _ console: any Console) -> String {
        let column = expectation.at("column").map { " of \($0.cell)" } ?? ""
        let kind = expectation["severity"]?.stringValue == "warning" ? console.styled("warning", .yellow) : console.marked("failed", false)
        var text = "  \(kind)  \(expectation.string("name"))\(column): \(expectation.string("message"))\n"
        if let count = expectation["unexpected_count"]?.intValue {
            let share = expectation["unexpected_share"]?.doubleValue.map { " (\(HumanText.fixed($0 * 100, 2)) %)" } ?? ""
            text += "          \(counted(Int(count), "row"))\(share)\n"
        }
        let sample = expectation.list("sample")
        for row in sample.prefix(rowsShown) { text += "          row \(row.count("row")): \(cells(row["cells"]))\n" }
        if sample.count > rowsShown { text += "          …\n" }
        return text
    }

    private static func cells(_ row: JSONValue?) -> String {
        let cells = row?.objectValue?.members ?? []
        let shown = cells.prefix(cellsShown).map { "\($0.key)=\($0.value.isNull ? "null" : $0.value.cell)" }.joined(separator: ", ")
        return cells.count > cellsShown ? shown + ", …" : shown
    }
}
