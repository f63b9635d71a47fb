#!/usr/bin/env python3
"""Makes known_answers.json: distributions by mpmath (40 digits), tests and metrics by scipy/numpy. Needs mpmath, numpy, scipy."""
import json, math, os
import mpmath as mp, numpy as np
from scipy import stats
mp.mp.dps = 40
f = float
D = {}
def table(name, rows): D[name] = [[f(v) for v in r] for r in rows]

gammas = [(.5, .1), (.5, 3), (1, 1e-8), (2.5, 2.4), (2.5, 9), (10, 3), (10, 30), (100, 80), (100, 130), (5000, 5100), (5000, 4800), (200000, 200900)]
table("gamma", [(a, x, mp.gammainc(a, 0, x, regularized=True), mp.gammainc(a, x, mp.inf, regularized=True)) for a, x in gammas])
betas = [(.1, .5, .5), (.9, .5, .5), (.3, 2, 5), (.7, 20, 5), (.01, 3, 200), (.52, 500, 480), (.48, 500, 480), (.001, 5, 8000), (.9, 12.5, 1.5)]
table("beta", [(x, a, b, mp.betainc(mp.mpf(a), mp.mpf(b), 0, mp.mpf(x), regularized=True)) for x, a, b in betas])
table("normal", [(z, mp.ncdf(z), mp.ncdf(-z)) for z in (-30, -8, -3.5, -1, -.1, 0, .3, 1.96, 5)])
table("normal_quantile", [(p, mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1)) for p in (1e-300, 1e-20, 1e-6, .001, .025, .2, .49, .5, .6, .975, .9999)])
table("chi_square", [(x, k, mp.gammainc(mp.mpf(k) / 2, mp.mpf(x) / 2, mp.inf, regularized=True)) for x, k in ((.01, 1), (3.84, 1), (40, 1), (700, 1), (9, 9), (60, 9), (45, 50), (1100, 1000))])
def kol(z): return 2 * mp.nsum(lambda k: (-1) ** (k - 1) * mp.e ** (-2 * k * k * mp.mpf(z) ** 2), [1, mp.inf])
table("kolmogorov", [(z, kol(z)) for z in (.3, .5, .8, .83, 1, 1.36, 2, 5)])
table("one_sample_ks", [(n, d, stats.kstwo.sf(d, n)) for n, d in ((1, .6), (5, .15), (5, .3), (5, .9), (20, .03), (20, .2), (20, .4), (20, .6), (140, .05), (140, .1), (140, .2),
    (141, .05), (500, .03), (500, .08), (500, .15), (2000, .02), (2000, .04), (20000, .005), (20000, .012), (1000, .012), (100000, .004))])
def exact(n, m, h):
    g = math.gcd(n, m); a = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        for j in range(m + 1):
            if abs(i * (m // g) - j * (n // g)) >= h: continue
            a[i][j] = 1 if i == j == 0 else (a[i-1][j] if i else 0) + (a[i][j-1] if j else 0)
    return mp.mpf(1) - mp.mpf(a[n][m]) / mp.binomial(n + m, n)
table("two_sample_ks", [(n, m, h, exact(n, m, h)) for n, m, h in ((3, 4, 9), (5, 5, 3), (30, 30, 12), (30, 30, 29), (40, 17, 300), (120, 100, 39), (120, 100, 300), (60, 90, 160), (200, 33, 6000))])
table("hypergeometric", [(N, K, n, k, stats.hypergeom.cdf(k, N, K, n), stats.hypergeom.sf(k - 1, N, K, n)) for N, K, n, k in ((20, 7, 12, 3), (20, 7, 12, 7), (5000, 40, 1000, 25), (100000, 500, 20000, 70), (30, 20, 25, 15))])
rng = np.random.default_rng(7)
fisher = []
for a, b, c, d in ((8, 2, 1, 5), (0, 10, 5, 5), (12, 30, 30, 12), (3, 97, 11, 89), (50, 50, 50, 50), (1, 1, 1, 1), (200, 1800, 260, 1740), (7, 0, 9, 0)):
    fisher.append((a, b, c, d, stats.fisher_exact([[a, b], [c, d]])[1]))
table("fisher", fisher)          # current successes, failures; reference successes, failures; p
p = [.001, .008, .039, .041, .042, .06, .074, .205, .212, .216, .222, .251, .269, .275, .34, .341, .384, .569, .594, .696, .762, .94, .942, .975, .986]
table("benjamini_hochberg", list(zip(p, stats.false_discovery_control(p))))
# Half-normal mixture of exp(theta S - theta^2 N / 2), theta ~ |N(0, 1/r)|, at N = x, r = 1, S = z sqrt(x).
def half(x, z): return mp.quad(lambda t: 2 * mp.npdf(t) * mp.e ** (t * z * mp.sqrt(x) - t * t * x / 2), [0, 1, 3, 6, 12])
table("half_normal_mixture", [(x, z, mp.log(half(mp.mpf(x), mp.mpf(z)))) for x, z in ((.5, 1), (8.35, 3), (8.35, -2), (100, 4), (2, 0))])
table("best_ratio", [(a, -mp.lambertw(-mp.mpf(a) ** 2 / mp.e, -1).real - 1) for a in (.001, .05, .1, .4)])
table("sample_ratio", [(a, b, s, c, stats.betabinom.logpmf(b, a + b, c * s, c * (1 - s)) - stats.binom.logpmf(b, a + b, s)) for a, b, s, c in ((8900, 1100, .1, 1000), (60, 40, .5, 1000), (500, 500, .5, 100))])
labels = (rng.random(60) < .4).astype(int); scores = np.round(np.clip(.3 * labels + rng.random(60) * .7, 0, 1), 2); pred = (scores > .5).astype(int)
u = stats.mannwhitneyu(scores[labels == 1], scores[labels == 0]).statistic
c = np.clip(scores, 2.220446049250313e-16, 1 - 2.220446049250313e-16)
D["binary"] = {"labels": labels.tolist(), "scores": scores.tolist(), "roc_auc": u / (labels.sum() * (1 - labels).sum()),
    "log_loss": float(-np.mean(labels * np.log(c) + (1 - labels) * np.log(1 - c))), "brier": float(np.mean((scores - labels) ** 2)), "accuracy": float(np.mean(pred == labels)),
    "precision": float((pred & labels).sum() / pred.sum()), "recall": float((pred & labels).sum() / labels.sum()), "f1": float(2 * (pred & labels).sum() / (pred.sum() + labels.sum()))}
y = rng.integers(0, 3, 50); q = np.where(rng.random(50) < .7, y, rng.integers(0, 4, 50))
pr = [((q == k) & (y == k)).sum() / max(1, (q == k).sum()) for k in range(4)]; re = [((q == k) & (y == k)).sum() / max(1, (y == k).sum()) for k in range(4)]
f1 = [2 * ((q == k) & (y == k)).sum() / max(1, (q == k).sum() + (y == k).sum()) for k in range(4)]
D["multiclass"] = {"labels": y.tolist(), "predictions": q.tolist(), "macro_precision": float(np.mean(pr)), "macro_recall": float(np.mean(re)), "macro_f1": float(np.mean(f1))}
t = np.round(rng.normal(5, 2, 40), 3); g = np.round(t + rng.normal(.2, 1, 40), 3)
D["regression"] = {"labels": t.tolist(), "predictions": g.tolist(), "mae": float(np.abs(t - g).mean()), "rmse": float(np.sqrt(((t - g) ** 2).mean())), "r2": float(1 - ((t - g) ** 2).sum() / ((t - t.mean()) ** 2).sum())}
table("wilson", [(k, n, *stats.binomtest(k, n).proportion_ci(.95, "wilson")) for k, n in ((0, 10), (3, 10), (90, 100), (10, 10), (523, 1000))])
out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "known_answers.json")
with open(out, "w") as o: o.write("{\n" + ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in D.items()) + "\n}\n")
print(len(D), "tables")
