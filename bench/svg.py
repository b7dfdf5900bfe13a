"""Two pictures as SVG, readable on light and dark pages: a roofline and bars of ratios. Standard library only."""
import math
import xml.etree.ElementTree as ET

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1d2733; }
.quiet { fill: #5a6775; font-size: 11px; }
.grid { stroke: #dde3ea; stroke-width: 1; }
.one { stroke: #5a6775; stroke-width: 1; stroke-dasharray: 4 3; }
.roof { stroke: #5a6775; stroke-width: 1.5; fill: none; }
.s0 { fill: #2a6fbb; } .s1 { fill: #c25a00; } .s2 { fill: #2e8b57; } .s3 { fill: #8256b8; }
.page { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  text { fill: #dde3ea; } .quiet { fill: #98a5b3; } .grid { stroke: #2c3743; } .one, .roof { stroke: #98a5b3; }
  .s0 { fill: #6ba6e8; } .s1 { fill: #f0954a; } .s2 { fill: #63c08e; } .s3 { fill: #b79ae3; }
  .page { fill: #12181f; }
}
"""


class Picture:
    def __init__(self, width, height, title):
        self.root = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}", width=str(width), height=str(height),
                               role="img")
        ET.SubElement(self.root, "title").text = title
        ET.SubElement(self.root, "style").text = STYLE
        self.add("rect", {"class": "page", "width": width, "height": height})
        self.text(16, 24, title, size=15)

    def add(self, tag, attributes):
        values = {key: f"{value:.1f}" if isinstance(value, float) else str(value) for key, value in attributes.items()}
        return ET.SubElement(self.root, tag, values)

    def text(self, x, y, content, anchor="start", style="", size=None):
        element = self.add("text", {"x": x, "y": y, "text-anchor": anchor})
        if style:
            element.set("class", style)
        if size:
            element.set("style", f"font-size:{size}px")
        element.text = content

    def line(self, x1, y1, x2, y2, style):
        self.add("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "class": style})

    def legend(self, series, y):
        for index, name in enumerate(series):
            self.add("rect", {"x": 16 + 130 * index, "y": y, "width": 10, "height": 10, "class": f"s{index}"})
            self.text(32 + 130 * index, y + 9, name, style="quiet")

    def xml(self):
        ET.indent(self.root)
        return ET.tostring(self.root, encoding="unicode") + "\n"


def marks(low, high):
    """1, 2 and 5 times powers of ten between the numbers."""
    every = [factor * 10.0 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for factor in (1, 2, 5)]
    return [mark for mark in every if low <= mark <= high]


def roofline(title, points, roofs, peak, series):
    """points: (label, FLOP per byte, GFLOP/s, number of its series); roofs: (name, GB/s); peak: GFLOP/s of multiply-adds."""
    width, height, left, right, top, bottom = 900, 560, 70, 30, 66, 60
    points = [point for point in points if point[1] > 0 and point[2] > 0]
    xs = [point[1] for point in points] + [peak / gbps for _, gbps in roofs]
    ys = [point[2] for point in points] + [peak]
    x_low, x_high, y_low, y_high = min(xs) / 1.5, max(xs) * 1.5, min(ys) / 1.5, max(ys) * 1.5
    picture = Picture(width, height, title)
    picture.legend(series, 36)

    def x_at(value):
        return left + math.log(value / x_low) / math.log(x_high / x_low) * (width - left - right)

    def y_at(value):
        return height - bottom - math.log(value / y_low) / math.log(y_high / y_low) * (height - top - bottom)
    for mark in marks(x_low, x_high):
        picture.line(x_at(mark), float(top), x_at(mark), float(height - bottom), "grid")
        picture.text(x_at(mark), height - bottom + 18, f"{mark:g}", "middle", "quiet")
    for mark in marks(y_low, y_high):
        picture.line(float(left), y_at(mark), float(width - right), y_at(mark), "grid")
        picture.text(left - 8, y_at(mark) + 4, f"{mark:g}", "end", "quiet")
    picture.text((left + width - right) / 2, height - 18, "useful operations per byte of least traffic", "middle")
    picture.text(16, top - 8, "GFLOP/s", "start", "quiet")
    for name, gbps in roofs:
        corner = min(max(peak / gbps, x_low), x_high)
        start = max(x_low, y_low / gbps)
        picture.line(x_at(start), y_at(gbps * start), x_at(corner), y_at(min(gbps * corner, peak)), "roof")
        middle = math.sqrt(start * corner)
        picture.text(x_at(middle) + 8, y_at(gbps * middle) + 12, f"{name} {gbps:.0f} GB/s", "start", "quiet")
    first = min(peak / gbps for _, gbps in roofs) if roofs else x_low
    picture.line(x_at(max(first, x_low)), y_at(peak), x_at(x_high), y_at(peak), "roof")
    picture.text(width - right, y_at(peak) - 6, f"multiply-adds {peak:.0f} GFLOP/s", "end", "quiet")
    for label, intensity, gflops, series in points:
        circle = picture.add("circle", {"cx": x_at(intensity), "cy": y_at(gflops), "r": 4, "class": f"s{series}"})
        ET.SubElement(circle, "title").text = f"{label}: {gflops:.1f} GFLOP/s"
    return picture.xml()


def bars(title, note, rows, series):
    """rows: (label, [ratio or None per series], [text per series]); a logarithmic axis with 1 marked: to the right of it we are faster."""
    left, right, top, step = 330, 130, 74, 12 * len(series) + 8
    width, height = 980, top + step * len(rows) + 40
    values = [ratio for _, ratios, _ in rows for ratio in ratios if ratio]
    low, high = min([0.5, *values]), max([2.0, *values])
    picture = Picture(width, height, title)
    picture.text(16, 42, note, style="quiet")
    picture.legend(series, 52)

    def x_at(value):
        return left + math.log(value / low) / math.log(high / low) * (width - left - right)
    for mark in marks(low, high):
        picture.line(x_at(mark), float(top), x_at(mark), float(height - 34), "one" if mark == 1 else "grid")
        picture.text(x_at(mark), height - 18, f"{mark:g}x", "middle", "quiet")
    for number, (label, ratios, texts) in enumerate(rows):
        y = top + step * number
        picture.text(left - 8, y + step / 2 + 2, label, "end")
        for index, (ratio, text) in enumerate(zip(ratios, texts)):
            if ratio is None:
                continue
            begin, end = sorted((x_at(1), x_at(ratio)))
            picture.add("rect", {"x": begin, "y": y + 12 * index + 2, "width": max(end - begin, 1.0), "height": 9, "class": f"s{index}"})
            picture.text(max(end, x_at(1)) + 5, y + 12 * index + 11, text, style="quiet")
    return picture.xml()
