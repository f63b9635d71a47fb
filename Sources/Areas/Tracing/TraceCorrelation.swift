import Statistics

/// How often two conditions hold for the same traces.
package struct TraceCorrelation: Sendable, Equatable {
    package var total: Int
    package var first: Int
    package var second: Int
    package var joint: Int

    package init(total: Int, first: Int, second: Int, joint: Int) {
        self.total = total
        self.first = first
        self.second = second
        self.joint = joint
    }

    package var npmi: Double { normalizedInformation(joint: joint, first: first, second: second, total: total) }

    /// Steadier for few traces: with Jeffreys' prior.
    package var smoothedNPMI: Double { normalizedInformation(joint: joint, first: first, second: second, total: total, smoothing: 0.5) }
}
