import Monitoring

/// A line over windows, with gaps where a value is missing and a dashed limit.
struct LineChart {
    private let values: [Double?]
    private let limit: Double?
    private let range: ClosedRange<Double>
    private let width = 460.0
    private let height = 150.0
    private let left = 40.0

    init(_ values: [Double?], limit: Double?, range: ClosedRange<Double>) {
        self.values = values
        self.limit = limit
        self.range = range
    }

    private func x(_ index: Int) -> Double {
        left + (width - left - 10) * (values.count > 1 ? Double(index) / Double(values.count - 1) : 0.5)
    }
    private func y(_ value: Double) -> Double {
        let share = (value - range.lowerBound) / max(range.upperBound - range.lowerBound, 1e-9)
        return height - 20 - (height - 30) * min(1, max(0, share))
    }
    private func fixed(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    var svg: String {
        var out = "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\">"
        for step in 0...4 {
            let value = range.lowerBound + (range.upperBound - range.lowerBound) * Double(step) / 4
            let line = fixed(y(value))
            out += "<line class=\"grid\" x1=\"\(left)\" x2=\"\(width - 10)\" y1=\"\(line)\" y2=\"\(line)\"/>"
            out += "<text x=\"\(left - 6)\" y=\"\(fixed(y(value) + 4))\" text-anchor=\"end\">\((value * 100).rounded() / 100)</text>"
        }
        if let limit {
            out += "<line class=\"limit\" x1=\"\(left)\" x2=\"\(width - 10)\" y1=\"\(fixed(y(limit)))\" y2=\"\(fixed(y(limit)))\"/>"
        }
        var path = ""
        var isDrawing = false
        for (index, value) in values.enumerated() {
            guard let value else {
                isDrawing = false
                continue
            }
            path += "\(isDrawing ? "L" : "M")\(fixed(x(index))) \(fixed(y(value)))"
            isDrawing = true
            out += "<circle cx=\"\(fixed(x(index)))\" cy=\"\(fixed(y(value)))\" r=\"2.5\"><title>window \(index): \(value)</title></circle>"
        }
        return out + "<path class=\"line\" d=\"\(path)\"/></svg>"
    }
}

/// Two rows of bars: the shares of the bins in the reference and in the window.
struct BinChart {
    private let bins: [FeatureReport.Bin]
    /// More bins than this are not told apart by eye.
    private static let binsMax = 30

    init(_ bins: [FeatureReport.Bin]) { self.bins = Array(bins.prefix(BinChart.binsMax)) }

    var svg: String {
        guard !bins.isEmpty else { return "" }
        let top = max(bins.map { max($0.reference, $0.current) }.max() ?? 1, 1e-9)
        let width = 160.0 / Double(bins.count)
        var out = "<svg class=\"bins\" viewBox=\"0 0 160 40\" role=\"img\">"
        for (index, bin) in bins.enumerated() {
            for (share, name, shift) in [(bin.reference, "reference", 0.0), (bin.current, "current", 0.45)] {
                let height = 38 * share / top
                var label = HTMLText()
                label.text("\(bin.label): \(name) \((share * 1_000).rounded() / 10) %")
                let x = ((Double(index) + shift) * width * 10).rounded() / 10
                let y = ((40 - height) * 10).rounded() / 10
                out += "<rect class=\"\(name)\" x=\"\(x)\" y=\"\(y)\" width=\"\((width * 4).rounded() / 10)\" "
                out += "height=\"\((height * 10).rounded() / 10)\"><title>\(label.html)</title></rect>"
            }
        }
        return out + "</svg>"
    }
}

/// The look of the report, and the few lines of script for its table.
enum ReportStyle {
    static let css = """
        :root{color-scheme:light dark;--ink:#1d2330;--soft:#6b7280;--line:#d8dce3;--paper:#fff;--a:#2563eb;--b:#f59e0b}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa3b2;--line:#323947;--paper:#12161d;--a:#60a5fa;--b:#fbbf24}}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
        main{max-width:1080px;margin:0 auto;padding:24px}h1{font-size:26px}h2{font-size:18px;margin-top:32px}
        .facts{display:flex;flex-wrap:wrap;gap:12px 32px}.facts dt{color:var(--soft);font-size:12px}.facts dd{margin:0;font-weight:600}
        .charts{display:flex;flex-wrap:wrap;gap:24px}figure{margin:0;flex:1 1 440px}figcaption{color:var(--soft);font-size:13px}
        svg{width:100%;height:auto}svg text{fill:var(--soft);font-size:10px}
        .grid{stroke:var(--line)}.limit{stroke:#dc2626;stroke-dasharray:4 3}
        .line{fill:none;stroke:var(--a);stroke-width:2}circle{fill:var(--a)}
        .bins{width:160px}.reference{fill:var(--soft)}.current{fill:var(--b)}
        table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;padding:6px 8px;border-bottom:1px solid var(--line)}
        th{cursor:pointer;font-size:12px;color:var(--soft)}.n{text-align:right;font-variant-numeric:tabular-nums}
        .badge{border-radius:9px;padding:1px 8px;font-size:12px;background:var(--line)}.badge.stable,.badge.watching{background:#16a34a33}
        .badge.watch,.badge.suspect{background:#f59e0b44}.badge.significant,.badge.severe,.badge.confirmed{background:#dc262644}
        .note{color:var(--soft);font-size:13px}
        input{padding:6px 10px;border:1px solid var(--line);border-radius:6px;background:transparent;color:inherit}
        """

    static let script = """
        const t=document.getElementById('features'),s=document.getElementById('search');
        if(t){s.oninput=()=>{for(const r of t.tBodies[0].rows)r.hidden=!r.textContent.toLowerCase().includes(s.value.toLowerCase())};
        [...t.tHead.rows[0].cells].forEach((h,i)=>{let up=false;h.onclick=()=>{up=!up;const k=r=>{const c=r.cells[i];
        return c.dataset.v!==undefined?+c.dataset.v:c.textContent};[...t.tBodies[0].rows].sort((a,b)=>{const x=k(a),y=k(b);
        return (x<y?-1:x>y?1:0)*(up?1:-1)}).forEach(r=>t.tBodies[0].append(r))}})}
        """
}
