/// The chi-square distribution with `dof` > 0 degrees of freedom.
package enum ChiSquareDistribution {
    package static func cdf(_ x: Double, dof: Double) -> Double { IncompleteGamma.lower(dof / 2, x / 2) }
    package static func survival(_ x: Double, dof: Double) -> Double { IncompleteGamma.upper(dof / 2, x / 2) }
}
