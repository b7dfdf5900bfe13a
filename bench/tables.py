"""RESULTS.md and the pictures' data, from the results of a run."""
import results
import svg

SHORT_CALL_US = 50
KINDS = {"copy": "copy", "read": "read", "fma": "f32 multiply-adds"}


def number(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def time_text(us):
    return "-" if us is None else f"{us:.3f} us" if us < 1 else f"{us:.1f} us" if us < 1e3 else f"{us / 1e3:.2f} ms"


def rate_text(row):
    return f"{row['gflops']:.0f} GFLOP/s" if row["kind"] == "fma" else f"{row['gbps']:.1f} GB/s"


def index(data):
    return {(row["case"], row["level"], row["threads"]): row for row in data["rows"]}


def judgement_text(judged, titles):
    """"1.61x ONNX Runtime (of 1.5)", ..; what falls short in bold."""
    parts = []
    for what, wanted, measured, met in judged:
        if what == "share":
            text, of = f"{100 * measured:.0f} % of the ceiling" if measured is not None else "no ceiling", f"{100 * wanted:.0f}"
        elif what == "us":
            text, of = time_text(measured), time_text(wanted)
        elif what == "scaling":
            text, of = f"{number(measured)}x one thread", number(wanted)
        else:
            text, of = (f"{measured:.2f}x {titles[what]}" if measured is not None else f"{titles[what]} not timed"), f"{wanted:g}x"
        parts.append(f"**{text} (of {of})**" if met is False else f"{text} (of {of})")
    return "; ".join(parts) if parts else "no goal"


def verdict(judged, limits):
    if any(met is False for *_, met in judged):
        return "short: " + (limits if limits and any(what == "share" and met is False for what, _, _, met in judged) else "not analysed")
    if any(met is None for *_, met in judged):
        return "met where it was timed" if any(met for *_, met in judged) else "not timed"
    return "met" if judged else ""


def peer_text(row, data):
    """"XLA 1.52, NumPy 3.10*"; the star: a call so short that most of the time may be Python's."""
    timed = sorted((entry["x"], name) for name, entry in row["peers"].items() if "x" in entry)
    short = {name for _, name in timed if name in data["from_python"] and row["peers"][name]["us"] < SHORT_CALL_US}
    return ", ".join(f"{data['titles'][name]} {x:.2f}{'*' if name in short else ''}" for x, name in timed) or "-"


def measured_cells(row, data):
    share = "-" if row["share"] is None else f"{KINDS[row['kind']]} ({100 * row['share']:.0f} %)"
    return f"{time_text(row['us'])} | {rate_text(row)} | {share} | {peer_text(row, data)}"


def goal_table(data, goals, level):
    """Lines, and how many rows met their goal, fall short, or were not (wholly) timed. Of a run of chosen cases, only those."""
    rows, titles = index(data), data["titles"]
    out = ["| row | time | rate | ceiling (share) | peers: their time over ours | goal | |", "|---|---|---|---|---|---|---|"]
    counts = {"met": 0, "short": 0, "other": 0}
    for goal in goals:
        for case in goal["cases"]:
            row = rows.get((case, level, goal.get("threads", 1)))
            if row is None and data.get("chosen"):
                continue
            if row is None or row.get("us") is None:
                out.append(f"| {goal['title']} | - | - | - | - | - | {row['error'] if row else 'not run'} |")
                counts["other"] += 1
                continue
            judged = results.judge(goal.get(level, {}), row)
            said = verdict(judged, goal.get("limits", ""))
            counts["short" if said.startswith("short") else "met" if said == "met" else "other"] += 1
            out.append(f"| {goal['title']} | {measured_cells(row, data)} | {judgement_text(judged, titles)} | {said} |")
    return out, counts


def other_table(data, goals):
    """The rows without a goal."""
    known = {(case, goal.get("threads", 1)) for goal in goals for case in goal["cases"]}
    rows = [row for row in data["rows"] if (row["case"], row["threads"]) not in known]
    if not rows:
        return []
    lines = [f"| {row['case']} | {row['level']} | {row['threads']} | {measured_cells(row, data) if row.get('us') else '- | - | - | ' + row['error']} |"
             for row in rows]
    return ["## Cases without a goal", "", "| case | level | threads | time | rate | ceiling (share) | peers: their time over ours |",
            "|---|---|---|---|---|---|---|", *lines, ""]


def peer_table(data):
    out = ["| peer | version | part |", "|---|---|---|"]
    for name, entry in data["peers"].items():
        out.append(f"| {data['titles'][name]} | {entry.get('version') or '-'} | {entry['state']} |")
    return out


def left_out(data):
    """What a peer could not do, and why: one line per peer and reason."""
    reasons = {}
    for row in data["rows"]:
        for name, entry in row["peers"].items():
            if "error" in entry:
                reasons.setdefault((name, entry["error"]), []).append(f"{row['case']} t{row['threads']}")
    out = []
    for (name, why), cases in sorted(reasons.items()):
        cases = sorted(set(cases))
        more = f" and {len(cases) - 3} more" if len(cases) > 3 else ""
        out.append(f"- {data['titles'][name]}: {why.replace('|', '/').replace('<', '(').replace('>', ')')}: {', '.join(cases[:3])}{more}")
    return out


def text(data, goals):
    machine = data["machine"]
    out = ["# Results", "", "Written by `bench/run`; README.md says how to read and repeat it.", "",
           f"- date: {data['date']}", f"- command: `{data['command']}`", f"- Tenon {data['tenon']}, {data['compiler']}",
           f"- machine: {machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_gib']:.0f} GiB; caches {machine['caches']}; Linux {machine['kernel']}",
           f"- multiply-adds in f32, one thread: {', '.join(f'{level} {peak:.0f} GFLOP/s' for level, peak in data['fma_peak'].items())}"
           f" at the start, {', '.join(f'{level} {peak:.0f}' for level, peak in data['fma_peak_end'].items())} at the end",
           f"- rounds per case: {data['rounds']}, of {data['seconds'] * 1e3:.0f} ms per participant; stolen time in the whole run: {data['stolen']:.1f} s"
           f" of {data['wall']:.0f} s; load before it: {data['load']:.2f}", ""]
    for warning in data["warnings"]:
        out += [f"**{warning}**", ""]
    if data["peers"]:
        out += ["## Peers", "", *peer_table(data), ""]
        out += [f"Peers that have a switch for it were held to {data['peer_level']}." if data.get("peer_level") else
                "The peers use the best instructions that they know for this processor, also beside Tenon's lower levels.", ""]
    out += ["## Goals", "",
            "Ratios and shares are medians over the rounds, in which all participants took turns. A peer's ratio above 1 says that Tenon is faster. "
            "bf16 products may exceed the ceiling of f32 multiply-adds where the processor has bf16 dot products. What falls short is bold. "
            f"A star marks calls below {SHORT_CALL_US} us that are made from Python, which takes 1 to 15 us of them.", ""]
    for level in data["levels"]:
        table, counts = goal_table(data, goals, level)
        out += [f"### {level}", "", f"{counts['met']} rows met, {counts['short']} fall short, {counts['other']} not (wholly) timed here.", "", *table, ""]
    out += other_table(data, goals)
    if not data.get("chosen"):
        out += ["Not measured here: the time to start and join threads, windows, masks and soft caps.", ""]
    reasons = left_out(data)
    if reasons:
        out += ["## Not timed, and why", "", "A peer whose values differ from Tenon's is reported here and not timed.", "", *reasons, ""]
    out += ["## Pictures", ""]
    for name in pictures(data):
        out += [f"![{name.removesuffix('.svg')}](pictures/{name})", ""]
    return "\n".join(out)


def bandwidth_roofs(rows):
    """The ceilings of memory traffic that the run saw: beyond the caches and inside them."""
    rates = [(row["bytes"], row["gbps"] / row["share"]) for row in rows if row["kind"] != "fma" and row.get("share")]
    far, near = [rate for size, rate in rates if size >= 48e6], [rate for size, rate in rates if size < 1e6]
    return ([("memory", sorted(far)[len(far) // 2])] if far else []) + ([("nearest cache", max(near))] if near else [])


def pictures(data):
    """File name -> SVG text."""
    series = {level: i for i, level in enumerate(data["levels"])}
    rows = [row for row in data["rows"] if row.get("us") and row["threads"] == 1]
    out = {}
    if any(row["gflops"] > 0 for row in rows):
        points = [(f"{row['case']} {row['level']}", row["flops"] / row["bytes"], row["gflops"], series[row["level"]])
                  for row in rows if row["bytes"] > 0]
        out["roofline.svg"] = svg.roofline(f"Roofline, one thread, {data['machine']['cpu']}", points, bandwidth_roofs(rows),
                                           max(data["fma_peak"].values()), data["levels"])
    lines, cases = [], list(dict.fromkeys(row["case"] for row in rows))
    table = index(data)
    for case in cases:
        best = [results.best_peer(table[case, level, 1]) if (case, level, 1) in table else (None, None) for level in data["levels"]]
        if any(ratio for _, ratio in best):
            lines.append((case.replace("scaled_dot_product_", ""), [ratio for _, ratio in best],
                          [f"{ratio:.2f}x {data['titles'][name]}" if ratio else "" for name, ratio in best]))
    if lines:
        out["peers.svg"] = svg.bars("Time of the fastest peer over Tenon's, one thread",
                                    f"{data['machine']['cpu']}, {data['date']}. Right of 1: Tenon is faster.", lines, data["levels"])
    return out
