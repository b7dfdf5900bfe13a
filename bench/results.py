"""The arithmetic of a comparison: ratios, agreement of values, and what follows for a goal. Needs NumPy for the values."""
import math
import statistics

# A peer's values may differ from ours by this much, as root mean square of the differences over that of ours.
TOLERANCE = {"f32": 2e-4, "f16": 4e-3, "bf16": 3e-2, "f64": 1e-10}
STOLEN_SHARE = 0.02  # of a round's time: more, and the round is not counted, if enough others are left
LEAST_ROUNDS = 3


def kept(rounds):
    """The rounds that count: those with little stolen time, or all if fewer than three are left."""
    good = [row for row in rounds if row.get("stolen", 0.0) <= STOLEN_SHARE * max(row.get("seconds", math.inf), 1e-9)]
    return good if len(good) >= LEAST_ROUNDS else rounds


def ratio(rounds, numerator, denominator):
    """The median of numerator / denominator over the rounds that have both, or None. Not the ratio of the medians: within a round both saw
    the same machine."""
    values = [row[numerator] / row[denominator] for row in rounds if row.get(numerator) and row.get(denominator)]
    return statistics.median(values) if values else None


def median(rounds, name):
    values = [row[name] for row in rounds if name in row]
    return statistics.median(values) if values else None


def difference(ours, theirs):
    """Root mean square of the difference over that of ours; infinite where shapes, infinities or NaNs differ."""
    import numpy as np
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.shape != theirs.shape:
        return math.inf
    if ours.dtype.kind in "iub":
        return 0.0 if np.array_equal(ours, theirs) else math.inf
    finite = np.isfinite(ours)
    if not np.array_equal(finite, np.isfinite(theirs)) or not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
        return math.inf
    ours, theirs = ours[finite].astype(np.float64), theirs[finite].astype(np.float64)
    scale = math.sqrt(float(np.mean(ours * ours))) if ours.size else 0.0
    error = math.sqrt(float(np.mean((ours - theirs) ** 2))) if ours.size else 0.0
    return error / scale if scale else (0.0 if error == 0.0 else math.inf)


def row_of(rounds, ours, participants, work):
    """One line of results for `ours` (a name in the rounds): participants are the peers; "ceiling:" + ours is the ceiling's time."""
    counted = kept(rounds)
    us = median(counted, ours)
    out = {"us": us, "rounds": len(counted), "share": ratio(counted, "ceiling:" + ours, ours), "peers": {}}
    if us:
        out["gbps"] = work["bytes"] / us / 1e3
        out["gflops"] = work["flops"] / us / 1e3
    for name in participants:
        x = ratio(counted, name, ours)
        if x is not None:
            out["peers"][name] = {"us": median(counted, name), "x": x}
    return out


def best_peer(row):
    """Name and ratio of the fastest peer that was timed, or (None, None)."""
    timed = [(entry["x"], name) for name, entry in row["peers"].items() if "x" in entry]
    return min(timed)[::-1] if timed else (None, None)


def judge(goal, row):
    """What became of a goal: a list of (what, wanted, measured, met). goal: {"share": least share of the ceiling, "us": most microseconds,
    "peers": {name: least ratio}, "scaling": least ratio to one thread}. A peer that was not timed gives measured and met as None."""
    out = []
    if "share" in goal:
        out.append(("share", goal["share"], row["share"], row["share"] is not None and row["share"] >= goal["share"]))
    if "us" in goal:
        out.append(("us", goal["us"], row["us"], row["us"] <= goal["us"]))
    if "scaling" in goal:
        scaling = row.get("scaling")
        out.append(("scaling", goal["scaling"], scaling, None if scaling is None else scaling >= goal["scaling"]))
    for name, wanted in goal.get("peers", {}).items():
        x = row["peers"].get(name, {}).get("x")
        out.append((name, wanted, x, None if x is None else x >= wanted))
    return out
