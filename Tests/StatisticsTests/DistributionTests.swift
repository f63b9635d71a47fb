import Testing

@testable import Statistics

/// Against mpmath (40 digits) and SciPy; see Fixtures/make_known_answers.py.
struct DistributionTests {
    @Test func `the incomplete gamma functions keep twelve digits in both tails`() throws {
        for row in try Fixture.table("gamma") {
            #expect(
                agrees(IncompleteGamma.lower(row[0], row[1]), row[2]), "P(\(row[0]), \(row[1])) = \(IncompleteGamma.lower(row[0], row[1]))")
            #expect(
                agrees(IncompleteGamma.upper(row[0], row[1]), row[3]), "Q(\(row[0]), \(row[1])) = \(IncompleteGamma.upper(row[0], row[1]))")
        }
        #expect(IncompleteGamma.lower(2, 0) == 0 && IncompleteGamma.upper(2, .infinity) == 0)
    }

    @Test func `the incomplete beta function keeps twelve digits`() throws {
        for row in try Fixture.table("beta") {
            #expect(agrees(incompleteBeta(row[0], row[1], row[2]), row[3]), "I \(row) = \(incompleteBeta(row[0], row[1], row[2]))")
        }
        #expect(incompleteBeta(0, 2, 3) == 0 && incompleteBeta(1, 2, 3) == 1)
    }

    @Test func `the normal distribution and its quantile keep their digits in the far tails`() throws {
        for row in try Fixture.table("normal") {
            #expect(agrees(NormalDistribution.cdf(row[0]), row[1]))
            #expect(agrees(NormalDistribution.survival(row[0]), row[2]))
        }
        for row in try Fixture.table("normal_quantile") {
            #expect(agrees(NormalDistribution.quantile(row[0]), row[1]), "quantile(\(row[0])) = \(NormalDistribution.quantile(row[0]))")
        }
        #expect(NormalDistribution.quantile(0) == -.infinity && NormalDistribution.quantile(1) == .infinity)
        #expect(NormalDistribution.quantile(-0.1).isNaN)
    }

    @Test func `chi-square survival and its complement agree`() throws {
        for row in try Fixture.table("chi_square") {
            #expect(agrees(ChiSquareDistribution.survival(row[0], dof: row[1]), row[2]), "\(row)")
            let sum = ChiSquareDistribution.survival(row[0], dof: row[1]) + ChiSquareDistribution.cdf(row[0], dof: row[1])
            #expect(agrees(sum, 1))
        }
    }

    @Test func `Kolmogorov's limit is right on both sides of the switch of series`() throws {
        for row in try Fixture.table("kolmogorov") {
            #expect(agrees(KolmogorovDistribution.survival(row[0]), row[1]), "K(\(row[0])) = \(KolmogorovDistribution.survival(row[0]))")
        }
        #expect(KolmogorovDistribution.survival(0) == 1 && KolmogorovDistribution.survival(0.01) == 1)
    }

    @Test func `the one-sample distribution follows SciPy's through every method`() throws {
        for row in try Fixture.table("one_sample_ks") {
            let ours = OneSampleKolmogorov.survival(n: Int(row[0]), row[1])
            #expect(agrees(ours, row[2], relative: 1e-9), "D_\(row[0]) ≥ \(row[1]): \(ours) against \(row[2])")
        }
        #expect(OneSampleKolmogorov.survival(n: 0, 0.5).isNaN)
        #expect(OneSampleKolmogorov.survival(n: 7, 1) == 0 && OneSampleKolmogorov.survival(n: 7, 0) == 1)
        // The switch to the short form at 100,000 rows is not seen.
        let (below, above) = (
            OneSampleKolmogorov.oneSidedSurvival(n: 100_000, 0.006), OneSampleKolmogorov.oneSidedSurvival(n: 100_001, 0.006)
        )
        #expect(agrees(above, below, relative: 1e-3))
    }

    @Test func `the exact two-sample distribution equals the count of lattice paths`() throws {
        for row in try Fixture.table("two_sample_ks") {
            let ours = TwoSampleKolmogorov.survival(n: Int(row[0]), m: Int(row[1]), h: Int(row[2]))
            #expect(agrees(ours, row[3], relative: 1e-11), "\(row): \(ours)")
            #expect(agrees(TwoSampleKolmogorov.survival(n: Int(row[1]), m: Int(row[0]), h: Int(row[2])), row[3], relative: 1e-11))
        }
        #expect(TwoSampleKolmogorov.survival(n: 3, m: 4, h: 0) == 1)
    }

    @Test func `hypergeometric tails keep their digits`() throws {
        for row in try Fixture.table("hypergeometric") {
            let distribution = HypergeometricDistribution(population: Int(row[0]), marked: Int(row[1]), drawn: Int(row[2]))
            #expect(agrees(distribution.lowerTail(Int(row[3])), row[4], relative: 1e-10), "\(row): \(distribution.lowerTail(Int(row[3])))")
            #expect(agrees(distribution.upperTail(Int(row[3])), row[5], relative: 1e-10), "\(row): \(distribution.upperTail(Int(row[3])))")
        }
        let certain = HypergeometricDistribution(population: 10, marked: 10, drawn: 4)
        #expect(certain.density(4) == 1 && certain.lowerTail(3) == 0 && certain.upperTail(5) == 0)
    }
}
