/// A test statistic with the probability of one at least as extreme when nothing changed.
package struct TestResult: Sendable, Hashable {
    package let statistic: Double
    package let pValue: Double
    /// Degrees of freedom, where the test has them.
    package let dof: Int?

    package init(statistic: Double, pValue: Double, dof: Int? = nil) {
        self.statistic = statistic
        self.pValue = pValue
        self.dof = dof
    }
}
