"""What is closed, what several threads share, what a fork leaves, what is given back."""

import os
import subprocess
import sys
import threading

import numpy as np

import tenon
from tests.support import TenonTest, without_tenon_variables
from tests.test_dlpack import _malloc_info


class Closing(TenonTest):
    def test_the_order_does_not_matter(self):
        context = tenon.Context()
        program = self.norm(context=context)
        graph = context.graph()
        tensor = context.tensor("f32", (2, 8)).fill_random(1)
        context.close()
        context.close()
        self.assertTrue(context.closed)
        w = np.ones(8, np.float32)
        self.assert_norm(tensor.numpy(), w, program.run(tensor, w))  # what was made from it lives on
        with self.fails("FAILED_PRECONDITION", "the context is closed", "advice"):
            context.graph()
        x = graph.input("x", "f32", (2,))
        graph.close()
        with self.fails("FAILED_PRECONDITION", "the graph is closed"):
            graph.input("y", "f32", (2,))
        with self.fails("FAILED_PRECONDITION", "the graph is closed"):
            x.type  # pylint: disable=pointless-statement
        view = tensor.numpy()
        tensor.close()
        self.assert_norm(view, w, program.run(view, w))
        with self.fails("FAILED_PRECONDITION", "the tensor is closed"):
            program.run(tensor, w)
        program.close()
        for use in (lambda: program.run(view, w), lambda: program.plan, lambda: program.bind(), program.explain, program.__enter__):
            with self.fails("FAILED_PRECONDITION", "the program is closed"):
                use()
        for thing in (context, graph, tensor, program):
            repr(thing)

    def test_with_closes(self):
        with tenon.Context() as context:
            with context.graph() as graph, context.target("iree") as target:
                pass
            self.assertTrue(graph.closed and target.closed)
            with self.fails("FAILED_PRECONDITION", "target"):
                context.operator("rms_norm", "f32", "2x8").lower(target)
        self.assertTrue(context.closed)

    def test_nothing_leaks(self):
        def cycle(closing):
            context = tenon.Context(threads=1)
            graph = context.graph()
            x = graph.input("x", "f32", (4, 64))
            try:
                graph.rms_norm(x, epsilom=["a", "b"])
            except tenon.Error:
                pass
            graph.output("y", graph.rms_norm(x, epsilon=1e-5))
            graph.lower("iree")
            program = graph.compile()
            program.run(context.from_dlpack(np.zeros((4, 64), np.float32)))
            if closing:
                for thing in (context, graph, program):
                    thing.close()

        in_use = _malloc_info()
        for closing in (True, False):
            least = sys.maxsize
            for _ in range(3):  # a leak is in every batch; what is made once is in the first
                before = in_use()
                for _ in range(12):
                    cycle(closing)
                least = min(least, in_use() - before)
            self.assertLess(least, 12 * 256, "bytes of C memory for twelve cycles")  # malloc counts what its caches hold as given out


class Threads(TenonTest):
    def test_one_program_for_all(self):
        program = self.norm(5, 67)
        failures = []

        def work(seed):
            try:
                draw = np.random.default_rng(seed)
                w = draw.standard_normal(67, np.float32)
                for _ in range(30):
                    x = draw.standard_normal((5, 67), np.float32)
                    self.assert_norm(x, w, program.run(x, w))
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        self._together([threading.Thread(target=work, args=(seed,)) for seed in range(6)])
        self.assertEqual(failures, [])

    def test_close_while_others_run(self):
        failures = []

        def work(program):
            x, w = np.ones((5, 67), np.float32), np.ones(67, np.float32)
            try:
                while True:
                    program.run(x, w)
            except tenon.Error as error:
                if error.code != "FAILED_PRECONDITION":
                    failures.append(error)

        for _ in range(5):
            program = self.norm(5, 67)
            threads = [threading.Thread(target=work, args=(program,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            program.close()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])

    def test_one_graph_from_many(self):
        graph = self.context.graph()
        x = graph.input("x", "f32", (2,))
        names = []

        def work():
            for _ in range(20):
                names.append(graph.exp(x)._number)

        self._together([threading.Thread(target=work) for _ in range(4)])
        self.assertEqual(len(set(names)), 80)

    def test_a_run_lets_other_threads_go_on(self):
        # The program waits for nobody: while it runs, this thread counts; with the GIL held it could not.
        with self.context.operator("matmul", "f64", "700x700,700x700") as graph, graph.compile(reference=True) as program:
            a = np.ones((700, 700))
            cancel, counted, caught = tenon.Cancel(), 0, []

            def work():
                try:
                    program.run(a, a, cancel=cancel)
                except tenon.Error as error:
                    caught.append(error.code)

            thread = threading.Thread(target=work)
            thread.start()
            for _ in range(1000):
                counted += 1
            was_running = thread.is_alive()
            cancel.set()
            thread.join()
            self.assertTrue(was_running, "the run was over too soon to tell")
            self.assertEqual(counted, 1000)
            self.assertIn(caught, (["CANCELLED"], []))
        cancel.set()
        with self.fails("CANCELLED"):
            self.norm().run(np.ones((2, 8), np.float32), np.ones(8, np.float32), cancel=cancel)
        cancel.clear()
        self.norm().run(np.ones((2, 8), np.float32), np.ones(8, np.float32), cancel=cancel)

    @staticmethod
    def _together(threads):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class Processes(TenonTest):
    def test_a_forked_child_runs(self):
        with self.context.operator("matmul", "f32", "200x200,200x200") as graph, graph.compile() as program:
            a = np.ones((200, 200), np.float32)
            program.run(a, a)  # the pool's threads are there now
            child = os.fork()
            if child == 0:
                ok = False
                try:
                    ok = bool((program.run(a, a) == 200).all())
                finally:
                    os._exit(0 if ok else 1)
            self.assertEqual(_wait(child, 20), 0)

    def test_the_end_of_the_interpreter(self):
        # Everything is alive at the end, in cycles and in module globals, capsules too: no crash and no message.
        script = """
import numpy, tenon
context = tenon.Context(log=lambda *line: None)
graph = context.operator("rms_norm", "f32", "2x8")
program = graph.compile()
tensor = context.from_dlpack(numpy.zeros((2, 8), numpy.float32))
capsules = [tensor.__dlpack__(), tensor.__dlpack__(max_version=(1, 0))]
array = tensor.numpy()
tensor.cycle = capsules.append(tensor) or capsules
print(program.run(array).shape)
"""
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-c", script],
            capture_output=True,
            text=True,
            env=without_tenon_variables(),
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            timeout=60,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "(2, 8)\n", ""))

    def test_a_missing_library_says_what_to_do(self):
        done = subprocess.run(
            [sys.executable, "-c", "import tenon"],
            capture_output=True,
            text=True,
            env={**os.environ, "TENON_LIBRARY": "/nowhere/libtenon.so"},
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("set TENON_LIBRARY", done.stderr)


def _wait(child, seconds):
    """The exit status of a child; a child that hangs is ended."""
    timer = threading.Timer(seconds, lambda: os.kill(child, 9))
    timer.start()
    _, status = os.waitpid(child, 0)
    timer.cancel()
    return os.waitstatus_to_exitcode(status)
