#!/usr/bin/env python3
"""check_pictures.py: the pictures are well-formed SVG that fetches and runs nothing, has a title and a description, is shown by a document, and
keeps its words inside its boxes, readable on a light and on a dark page."""
import glob
import os
import re
import unittest
import xml.etree.ElementTree as ElementTree

from shell import ROOT

SVG = "{http://www.w3.org/2000/svg}"
GROUNDS = ("#ffffff", "#0d1117")  # of a page, light and dark


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """As the Web Content Accessibility Guidelines define it: 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class Pictures(unittest.TestCase):
    def test_all(self):
        paths = glob.glob(os.path.join(ROOT, "packaging", "pictures", "*.svg"))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path=path):
                self.check(path)

    def check(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        root = ElementTree.fromstring(text)
        self.assertEqual(root.tag, SVG + "svg")
        for tag in ("title", "desc"):
            self.assertTrue(root.find(SVG + tag).text.strip())
        for word in ("<script", "<image", "<foreignObject", "@import", "href=", "javascript:", " on"):
            self.assertNotIn(word, re.sub(r">[^<]*<", "><", text))
        self.assertEqual(set(re.findall(r"https?://[^\"' ]+", text)), {"http://www.w3.org/2000/svg"})
        rules = {name: dict(re.findall(r"([\w-]+): ([^;]+)", body.strip())) for name, body in re.findall(r"\.(\w+) \{(.*?)\}", text)}
        _, _, width, height = map(float, root.get("viewBox").split())
        boxes = []
        for box in root.iter(SVG + "rect"):
            x, y, w, h = (float(box.get(key)) for key in ("x", "y", "width", "height"))
            self.assertTrue(0 <= x and x + w <= width and 0 <= y and y + h <= height)
            fill = next((rules[name]["fill"] for name in box.get("class").split() if rules[name].get("fill", "none") != "none"), None)
            if fill:
                boxes.append((x, y, w, h, fill))
        texts = list(root.iter(SVG + "text"))
        self.assertGreater(len(texts), 5)
        for label in texts:
            rule = rules[label.get("class")]
            colour = (re.findall(r"fill:(#\w+)", label.get("style", "")) or [rule["fill"]])[0]
            size = float(rule.get("font-size", "15px").rstrip("px"))
            half = len(label.text) * size * (0.58 if "font-weight" in rule else 0.52) / 2  # as a wide sans-serif font sets it
            x, y = float(label.get("x")), float(label.get("y"))
            inside = [box for box in boxes if box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]]
            left, right = (inside[0][0], inside[0][0] + inside[0][2]) if inside else (0, width)
            self.assertTrue(left <= x - half and x + half <= right, f"{label.text}: too wide")
            for ground in ([inside[0][4]] if inside else GROUNDS):
                self.assertGreater(contrast(colour, ground), 3.5, f"{label.text} on {ground}")
        shown = []
        for document in glob.glob(os.path.join(ROOT, "*.md")) + glob.glob(os.path.join(ROOT, "packaging", "*.md")):
            with open(document, encoding="utf-8") as file:
                for place in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", file.read()):
                    shown.append(os.path.normpath(os.path.join(os.path.dirname(document), place)))
        self.assertIn(path, shown, "no document shows it")


if __name__ == "__main__":
    unittest.main()
