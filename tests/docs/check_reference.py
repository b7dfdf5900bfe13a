#!/usr/bin/env python3
"""check_reference.py: the API reference is made from the headers without a warning, and every function that tenon.h exports is in it with
what its comment says and with its tags."""
import glob
import os
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from shell import ROOT

TITLES = {"threads": "Threads", "blocks": "Blocks", "errors": "Errors", "reenter": "May be called from a callback", "owns": "To give back"}


def exported():
    """{function: the tags of the comment that holds for it}, read from tenon.h without Doxygen or the filter."""
    with open(os.path.join(ROOT, "capi", "include", "tenon", "tenon.h"), encoding="utf-8") as file:
        text = file.read()
    found, comment = {}, ""
    for piece in re.findall(r"/\*.*?\*/|TENON_EXPORT[^;]*;|\n\n", text, re.S):
        if piece.startswith("TENON_EXPORT"):
            found[re.search(r"(tenon_\w+)\(", piece).group(1)] = set(re.findall(r"@(\w+)", comment))
        else:
            comment = piece
    return found


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tenon-reference-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        done = subprocess.run([os.path.join(ROOT, "packaging", "build-reference"), "--xml", cls.folder], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
        cls.functions, cls.compounds = {}, {}
        for path in glob.glob(os.path.join(cls.folder, "xml", "*.xml")):
            for compound in ElementTree.parse(path).getroot().iter("compounddef"):
                cls.compounds[compound.get("id")] = compound
                for member in compound.iter("memberdef"):
                    if member.get("kind") == "function":
                        cls.functions.setdefault(member.find("name").text, member)

    def test_every_exported_function_has_an_entry(self):
        functions = exported()
        self.assertGreater(len(functions), 70)
        for name, tags in functions.items():
            with self.subTest(function=name):
                self.assertIn(name, self.functions)
                member = self.functions[name]
                words = "".join(member.find("briefdescription").itertext()) + "".join(member.find("detaileddescription").itertext())
                self.assertTrue(words.strip())
                self.assertLessEqual({"since", "threads", "blocks"}, tags)
                titles = {"".join(title.itertext()) for title in member.iter("title")}
                self.assertEqual({TITLES[tag] for tag in tags if tag in TITLES}, titles)
                self.assertEqual([row.get("kind") for row in member.iter("simplesect") if row.get("kind") == "since"], ["since"])
                self.assertTrue(member.get("id").startswith("group__tenon__h"), "it stands in no group")

    def test_every_entry_has_a_page(self):
        for name in exported():
            identifier = self.functions[name].get("id")
            page, anchor = identifier.rsplit("_1", 1)
            with open(os.path.join(self.folder, "html", page + ".html"), encoding="utf-8") as file:
                self.assertIn(f'id="{anchor}"', file.read())

    def test_the_main_page_is_the_first_chapter(self):
        main = "".join(self.compounds["indexpage"].itertext())
        for words in ("The first chapter, in one breath", "tenon_graph_lower(graph, target, NULL", "There is no \"last error\"", "A const pointer"):
            self.assertIn(words, re.sub(r"\s+", " ", main))

    def test_structs_and_headers_are_there(self):
        names = {compound.find("compoundname").text for compound in self.compounds.values()}
        for name in ("tenon_context_options", "tenon_run_options", "tenon_tensor_view", "tenon_kernel_plan", "tenon_plugin_info", "tenon.h",
                     "base.h", "plugin.h", "tenon.hpp", "plugin.hpp"):
            self.assertIn(name, names)
        options = next(c for c in self.compounds.values() if c.find("compoundname").text == "tenon_run_options")
        cancel = next(member for member in options.iter("memberdef") if member.find("name").text == "cancel")
        self.assertIn("stop soon with CANCELLED", "".join(cancel.itertext()))


if __name__ == "__main__":
    unittest.main()
