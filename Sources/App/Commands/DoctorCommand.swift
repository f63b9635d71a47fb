import CommandLine
import JSON
import Server

/// `jidoka doctor`: what is there, what is missing, and the command that mends it.
enum DoctorCommand {
    static func command(_ context: CommandContext) -> Command {
        Command(
            "doctor", "say what is installed, what is missing, and how to mend it",
            details: "Exit status 1 when something is missing that a server needs.", flags: ServerFlags.all
        ) { values, console in
            let doctor = Doctor(
                settings: ServerFlags.settings(values, context), server: context.api(values).server, environment: context.environment,
                pool: context.pool, client: context.client)
            let findings = await doctor.examine()
            let isWell = !findings.contains { $0.state == .failed }
            let document: JSONValue = ["ok": .bool(isWell), "findings": .array(findings.map { .object($0.json) })]
            console.show(document, values) { _ in text(findings, console) }
            return isWell ? .ok : .failed
        }
    }

    private static func text(_ findings: [DoctorFinding], _ console: any Console) -> String {
        let rows = findings.map { finding in
            let state = console.styled(word(finding.state), finding.state == .ok ? .green : finding.state == .failed ? .red : .yellow)
            return [finding.what, state, finding.found ?? JSONValue.absent]
        }
        var text = tableText([.left("what"), .left("state"), .left("found")], rows, empty: "")
        let mends = findings.filter { $0.state != .ok }
        if !mends.isEmpty { text += "\n" }
        for finding in mends {
            text += "\(finding.what): \(finding.problem ?? word(finding.state))\n"
            if let remedy = finding.remedy { text += "  mend: \(remedy)\n" }
        }
        let failed = findings.count { $0.state == .failed }
        return text
            + (failed == 0
                ? "\nall that a server needs is there\n" : "\n\(counted(failed, "thing")) must be mended before a server can run\n")
    }

    private static func word(_ state: DoctorFinding.State) -> String {
        switch state {
        case .ok: "ok"
        case .optional: "optional"
        case .failed: "missing"
        }
    }
}
