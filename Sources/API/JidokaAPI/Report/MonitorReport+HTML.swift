import Clockwork
import Monitoring

/// The report as one page that needs nothing from outside: styles, charts (SVG) and the little script for sorting and searching are inside.
extension MonitorReport {
    var html: String {
        var page = HTMLText()
        page.raw(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>")
        page.text("\(endpoint): drift and performance")
        page.raw("</title><style>\(ReportStyle.css)</style></head><body><main>")
        header(&page)
        if windows.isEmpty {
            page.raw("<p class=\"note\">")
            page.text(monitor.obstacle ?? "No window is complete yet: \(settings.windowRows) predictions make one.")
            page.raw("</p>")
        } else {
            timelines(&page)
            features(&page)
            windowTable(&page)
        }
        page.raw("</main><script>\(ReportStyle.script)</script></body></html>")
        return page.html
    }

    private func header(_ page: inout HTMLText) {
        page.raw("<h1>")
        page.text(endpoint)
        page.raw(" <span class=\"badge \(monitor.phase.rawValue)\">\(monitor.phase.rawValue)</span></h1><dl class=\"facts\">")
        func fact(_ name: String, _ value: String) {
            page.raw("<div><dt>")
            page.text(name)
            page.raw("</dt><dd>")
            page.text(value)
            page.raw("</dd></div>")
        }
        fact("champion", monitor.champion.map { "version \($0)" } ?? "none yet")
        fact("windows", "\(windows.count) of \(settings.windowRows) rows")
        fact("drifted windows", "\(windows.count { $0.isDrifted })")
        fact("labelled rows", "\(labelled.rows)")
        fact("accuracy", labelled.accuracy.map(percent) ?? "no labels yet")
        if let newest {
            fact("reference", "dataset \(newest.referenceDigest.prefix(12)), \(newest.referenceRows) rows")
            fact("as of", String(newest.performance.asOf.rfc3339.prefix(19)) + "Z")
        }
        page.raw("</dl>")
    }

    private func timelines(_ page: inout HTMLText) {
        page.raw("<section><h2>Over time</h2><div class=\"charts\"><figure><figcaption>Share of drifted features</figcaption>")
        page.raw(LineChart(windows.map { $0.driftedShare }, limit: settings.driftShare, range: 0...1).svg)
        page.raw("</figure><figure><figcaption>Accuracy of the labelled rows</figcaption>")
        let values = windows.map { $0.performance.metrics["accuracy"] }
        let known = values.compactMap { $0 }
        let low = max(0, ((known.min() ?? 0) * 20).rounded(.down) / 20 - 0.05)
        page.raw(LineChart(values, limit: nil, range: low...1).svg)
        page.raw("</figure></div></section>")
    }

    private func features(_ page: inout HTMLText) {
        guard let newest else { return }
        page.raw(
            "<section><h2>Features in window \(newest.number)</h2>")
        page.raw("<input id=\"search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search\">")
        page.raw(
            "<table id=\"features\"><thead><tr><th>Feature</th><th>Verdict</th><th class=\"n\">PSI, corrected</th><th class=\"n\">PSI</th>")
        page.raw(
            "<th class=\"n\">p, adjusted</th><th class=\"n\">Missing</th><th>Reference and current</th><th>Reason</th></tr></thead><tbody>")
        for feature in newest.features.sorted(by: { ($0.psiCorrected ?? -1) > ($1.psiCorrected ?? -1) }) { row(feature, &page) }
        page.raw(
            "</tbody></table><p class=\"note\">PSI on reference quantiles with open ends, judged after subtracting its small-sample bias. ")
        page.raw("Bands: ")
        page.raw(
            "0.1 watch, 0.2 significant, 0.25 severe. A feature drifts when the effect is large and its p-value survives false-discovery ")
        page.raw("control over all features and looks.</p></section>")
    }

    private func row(_ feature: FeatureReport, _ page: inout HTMLText) {
        page.raw("<tr><td>")
        page.text(feature.name)
        page.raw("</td><td><span class=\"badge ")
        page.text(feature.verdict)
        page.raw("\">")
        page.text(feature.verdict)
        page.raw("</span></td>")
        for value in [feature.psiCorrected, feature.psi, feature.adjustedP] {
            page.raw("<td class=\"n\" data-v=\"\(value ?? -1)\">\(value.map(short) ?? "–")</td>")
        }
        page.raw("<td class=\"n\" data-v=\"\(feature.missingShareCurrent)\">\(percent(feature.missingShareReference)) → ")
        page.raw("\(percent(feature.missingShareCurrent))</td><td>\(BinChart(feature.bins).svg)</td><td>")
        page.text(feature.reason)
        page.raw("</td></tr>")
    }

    private func windowTable(_ page: inout HTMLText) {
        page.raw(
            "<section><h2>Windows</h2><table><thead><tr><th class=\"n\">Window</th><th>Champion</th><th class=\"n\">Rows</th><th>Drift</th>"
        )
        page.raw(
            "<th class=\"n\">Features drifted</th><th class=\"n\">Labelled</th><th class=\"n\">Accuracy</th>")
        page.raw("<th class=\"n\">F1</th></tr></thead><tbody>")
        for window in windows.reversed() {
            let drifted = window.features.count { $0.isDrifted }
            page.raw("<tr><td class=\"n\">\(window.number)</td><td>")
            page.text(window.champion)
            page.raw("</td><td class=\"n\">\(window.rows.lowerBound)–\(window.rows.upperBound)</td><td>")
            page.raw(
                "<span class=\"badge \(window.isDrifted ? "severe" : "stable")\">\(window.isDrifted ? "drifted" : "stable")</span></td>")
            page.raw(
                "<td class=\"n\">\(drifted) of \(window.features.count)</td><td class=\"n\">\(percent(window.performance.coverage))</td>")
            page.raw("<td class=\"n\">\(window.performance.metrics["accuracy"].map(percent) ?? "–")</td>")
            page.raw("<td class=\"n\">\(window.performance.metrics["f1"].map(short) ?? "–")</td></tr>")
        }
        page.raw("</tbody></table></section>")
    }

    private func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
    private func short(_ value: Double) -> String {
        abs(value) < 0.0005 && value != 0 ? "&lt;0.001" : "\((value * 1_000).rounded() / 1_000)"
    }
}

/// HTML under construction: `text` escapes, `raw` does not.
struct HTMLText {
    private(set) var html = ""

    mutating func raw(_ markup: String) { html += markup }

    mutating func text(_ text: String) {
        for character in text {
            switch character {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            default: html.append(character)
            }
        }
    }
}
