"""The survey's rows: people of 2015 to train on, people of 2016 to 2018 who ask one after another, and a population that shifts.

Everything here is a real row. Codes are integers as in the survey's data dictionary; the files' own `prediction` and
`predicted_probability` columns are another party's answers and are left out.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = [
    "AGEP", "SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "NATIVITY", "DEAR", "DEYE", "DREM", "SEX", "RAC1P",
]  # fmt: skip
LABEL = "employed"
DATA = Path(__file__).resolve().parent.parent / "data"
SEED = 2018
# The population that the service is opened to later: everybody who is 16 to 24 years old.
SHIFTED_AGES = (16, 24)


@dataclass(frozen=True)
class People:
    """Rows in the order in which they ask. `features` is float32 [rows, 16]; `truth` is 0 or 1."""

    ids: np.ndarray
    features: np.ndarray
    truth: np.ndarray

    @staticmethod
    def of(table: pd.DataFrame) -> "People":
        return People(table["id"].to_numpy(), table[FEATURES].to_numpy(dtype=np.float32), table[LABEL].to_numpy(dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def chunk(self, start: int, rows: int) -> "People":
        part = slice(start, start + rows)
        return People(self.ids[part], self.features[part], self.truth[part])


def read(name: str) -> pd.DataFrame:
    path = DATA / f"employment_MA_{name}.pq"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run `make demo`, or `scripts/setup example`, which fetch it")
    return pd.read_parquet(path)


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    table = table[["id", "year", *FEATURES, LABEL]].copy()
    for column in [*FEATURES, "year", LABEL]:
        table[column] = table[column].astype("int32")
    return table


class Census:
    def __init__(self) -> None:
        self.past = tidy(read("reference"))
        later = tidy(read("analysis").merge(read("analysis_target"), on="id", validate="one_to_one"))
        # The survey knows the year of an interview and nothing finer; within a year its file is sorted by place of living
        # (homes first, institutions last), which is no order in time. So: year by year, and shuffled within each year.
        order = np.random.default_rng(SEED).random(len(later))
        self.later = later.iloc[np.lexsort((order, later["year"]))].reset_index(drop=True)

    def write_training_file(self) -> Path:
        path = DATA / "census-2015.parquet"
        if not path.exists():
            part = path.with_suffix(".part")
            self.past.to_parquet(part, index=False)
            part.replace(path)
        return path

    def natural(self, rows: int) -> People:
        """2016 to 2018 in order: all of it, or every n-th person."""
        return People.of(self.later.iloc[self._natural(rows)])

    def _natural(self, rows: int) -> np.ndarray:
        return np.linspace(0, len(self.later) - 1, min(rows, len(self.later))).astype(np.int64)

    def shifted(self, rows_replayed: int) -> "ShiftedPopulation":
        """The young people of 2016 to 2018, those of the replay left out when there are enough others."""
        young = self.later["AGEP"].between(*SHIFTED_AGES).to_numpy()
        fresh = young.copy()
        fresh[self._natural(rows_replayed)] = False
        return ShiftedPopulation(People.of(self.later[fresh if fresh.sum() >= 10_000 else young]))

    def corrupted(self, path: Path, rows: int = 2000) -> dict[str, int]:
        """Writes a batch of real rows of 2016 with four faults, and says how many rows each fault has."""
        rng = np.random.default_rng(SEED)
        batch = self.later.iloc[:rows].copy()
        nulls, ages, strangers = (rng.choice(rows, count, replace=False) for count in (rows // 10, rows // 25, rows // 20))
        batch["SCHL"] = batch["SCHL"].astype("Int32")
        batch.iloc[nulls, batch.columns.get_loc("SCHL")] = pd.NA
        batch.iloc[ages, batch.columns.get_loc("AGEP")] += 150
        batch.iloc[strangers, batch.columns.get_loc("MAR")] = 9
        batch.drop(columns="DREM").to_parquet(path, index=False)
        return {"SCHL": len(nulls), "AGEP": len(ages), "MAR": len(strangers), "DREM": rows}


class ShiftedPopulation:
    """Draws people of the shifted population, each once; when all have asked, the ones that no model has learned from ask again."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._rng = np.random.default_rng(SEED)
        self._order = self._rng.permutation(len(people))
        self._next = 0
        self._drawn = np.zeros(len(people), dtype=bool)
        self._learned = self._drawn.copy()

    def __len__(self) -> int:
        return len(self._people)

    def draw(self, rows: int) -> People:
        if self._next + rows > len(self._order):
            self._order, self._next = self._rng.permutation(np.flatnonzero(~self._learned)), 0
        picked = self._order[self._next : self._next + rows]
        self._next += rows
        self._drawn[picked] = True
        return People(self._people.ids[picked], self._people.features[picked], self._people.truth[picked])

    def set_apart(self) -> None:
        """Everybody drawn so far may be training data from now on: they are not drawn again."""
        self._learned |= self._drawn
