/// How a population stability index cuts the data. The recipe travels with every number: the same two samples give 0.27, 0.35 or 0.51.
package enum PSIRecipe: Sendable, Hashable {
    /// Bins at the reference's quantiles, duplicates dropped, open ends, shares not below 0.001. The usual definition (Siddiqi 2006).
    case referenceQuantiles(bins: Int)
    /// The same, where a value that fills a bin alone keeps a bin of its own. What verdicts use.
    case referenceQuantilesWithAtoms(bins: Int)
    /// Equal widths over the reference's range with open ends.
    case equalWidthOpenEnds(bins: Int)
    /// Equal widths over the reference's range; values outside it are lost.
    case equalWidth(bins: Int)
    /// Evidently 0.7: Sturges' edges over both samples above 20 distinct reference values, else the values; empty bins become 0.0001.
    case evidently
    /// One bin a category.
    case categories
    /// Each sample cut into equal widths of its own range, as often printed in tutorials: the bins of the two samples are not the same.
    case edgesPerSample(bins: Int)
    /// Equal widths over [0, 1], as often printed in tutorials: right for scores only.
    case unitInterval(bins: Int)

    package static let standardBins = 10

    package var name: String {
        switch self {
        case .referenceQuantiles(let bins): "reference_quantiles_\(bins)"
        case .referenceQuantilesWithAtoms(let bins): "reference_quantiles_with_atoms_\(bins)"
        case .equalWidthOpenEnds(let bins): "equal_width_open_ends_\(bins)"
        case .equalWidth(let bins): "equal_width_\(bins)"
        case .evidently: "evidently"
        case .categories: "categories"
        case .edgesPerSample(let bins): "edges_per_sample_\(bins)"
        case .unitInterval(let bins): "unit_interval_\(bins)"
        }
    }

    /// What is wrong with the recipe, for whoever asks for it by name; nil for a sound one.
    package var warning: String? {
        switch self {
        case .referenceQuantiles, .referenceQuantilesWithAtoms, .equalWidthOpenEnds, .categories: nil
        case .equalWidth: "values outside the reference's range fall in no bin, so the strongest drift is not seen"
        case .evidently: "the bins move with the window, so values of two windows cannot be compared"
        case .edgesPerSample: "each sample has its own bins, so a shift of the whole distribution gives 0"
        case .unitInterval: "values outside 0 to 1 fall in no bin; use it for scores only"
        }
    }
}
